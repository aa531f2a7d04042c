from django.apps import AppConfig


class ComptabiliteConfig(AppConfig):
    name = "apps.comptabilite"
    label = "comptabilite"
    verbose_name = "Comptabilité"
