"""Hospital's places in the bar and on the home page, and how its states look."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.hospital.choices import StatutPrestation
from apps.hospital.selectors import visites_du_jour
from apps.organisations.dashboard import Block, register_block
from apps.organisations.navigation import Entry, register_entry
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.screens.states import declare_state

VISITES_AU_PLUS = 50


def declare() -> None:
    """Called from `HospitalConfig.ready()`."""
    register_entry(Entry(_("Patients"), "hospital:patients", "hospital.view_patient", order=50))
    register_entry(Entry(_("Tarifs"), "hospital:tarifs", "hospital.view_hospitalacttarif", order=80))
    register_block(_visites_du_jour, "hospital.valider_prestation", order=20)
    declare_state(StatutPrestation.PENDING.value, "attente", StatutPrestation.PENDING.label)
    declare_state(StatutPrestation.VALIDATED.value, "validee", StatutPrestation.VALIDATED.label)
    declare_state(StatutPrestation.INVOICED.value, "payee", StatutPrestation.INVOICED.label)
    for code, look, mot in (
        ("tarif_en_vigueur", "payee", _("En vigueur")),
        ("tarif_prevu", "attente", _("Prévu")),
        ("tarif_passe", "neutre", _("Passé")),
        ("tarif_jamais", "annulee", _("Jamais appliqué")),
    ):
        declare_state(code, look, mot)


def _visites_du_jour(request: StaffRequest) -> Block:
    """Return who came today, for those who care for them."""
    visites = visites_du_jour(local_date(request.tenant.time_zone))[:VISITES_AU_PLUS]
    return Block("hospital/_bloc_visites.html", {"visites": list(visites)})
