from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TontineConfig(AppConfig):
    name = "apps.tontine"
    label = "tontine"
    verbose_name = _("Tontine")
