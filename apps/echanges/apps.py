from django.apps import AppConfig


class EchangesConfig(AppConfig):
    name = "apps.echanges"
    label = "echanges"
    verbose_name = "Échanges"
