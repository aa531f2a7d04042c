from django.apps import AppConfig


class FacturationConfig(AppConfig):
    name = "apps.facturation"
    label = "facturation"
    verbose_name = "Facturation"
