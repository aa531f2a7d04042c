from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MouvementsConfig(AppConfig):
    """What each third party owes, and how it came about."""

    name = "apps.mouvements"
    label = "mouvements"
    verbose_name = _("Mouvements")

    def ready(self) -> None:
        from apps.mouvements.choices import Statut
        from apps.mouvements.selectors import lien_du_tiers, traces_du_fait
        from apps.mouvements.subscribers import sur_fait
        from apps.organisations.navigation import Entry, register_entry
        from apps.socle.facts import register_source_link, register_traces, subscribe
        from apps.socle.screens.states import declare_state

        subscribe("mouvements", sur_fait)
        register_traces("mouvements", traces_du_fait)
        register_source_link("organisations.Tiers", lien_du_tiers, "mouvements:compte")
        register_entry(
            Entry(
                pgettext_lazy("plusieurs", "Tiers"), "mouvements:tiers", "mouvements.view_mouvementfinancier", order=60
            )
        )
        for code, look in (("en_attente", "attente"), ("partiellement_payé", "partielle"), ("payé", "payee")):
            declare_state(code, look, Statut(code).label)
