from django.apps import AppConfig


class TontineConfig(AppConfig):
    name = "apps.tontine"
    label = "tontine"
    verbose_name = "Tontine"
