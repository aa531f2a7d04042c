from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComptabiliteConfig(AppConfig):
    """Two rooms: the till, and the general ledger, which never imports it."""

    name = "apps.comptabilite"
    label = "comptabilite"
    verbose_name = _("Comptabilité")

    def ready(self) -> None:
        from apps.comptabilite.caisse import wiring as caisse
        from apps.comptabilite.grand_livre import wiring as grand_livre

        grand_livre.ready()
        caisse.ready()
