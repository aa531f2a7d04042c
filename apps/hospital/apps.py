from django.apps import AppConfig


class HospitalConfig(AppConfig):
    name = "apps.hospital"
    label = "hospital"
    verbose_name = "Hôpital"
