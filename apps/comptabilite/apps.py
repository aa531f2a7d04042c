from django.apps import AppConfig


class ComptabiliteConfig(AppConfig):
    """Two rooms: the till, and the general ledger, which never imports it."""

    name = "apps.comptabilite"
    label = "comptabilite"
    verbose_name = "Comptabilité"

    def ready(self) -> None:
        from apps.comptabilite.caisse import wiring as caisse
        from apps.comptabilite.grand_livre import wiring as grand_livre

        grand_livre.ready()
        caisse.ready()
