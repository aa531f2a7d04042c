from django.apps import AppConfig


class FiscalConfig(AppConfig):
    name = "apps.fiscal"
    label = "fiscal"
    verbose_name = "Chaîne fiscale"
