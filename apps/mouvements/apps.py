from django.apps import AppConfig


class MouvementsConfig(AppConfig):
    name = "apps.mouvements"
    label = "mouvements"
    verbose_name = "Mouvements"
