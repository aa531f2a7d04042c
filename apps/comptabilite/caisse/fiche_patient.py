"""The till on a patient's page: their invoices, and the button that opens the till for them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.transitions import ENCAISSER
from apps.hospital.fiche import Action, Section, register_action, register_section
from apps.hospital.models import Patient
from apps.organisations.dashboard import Block
from apps.organisations.requests import StaffRequest

DERNIERES = 10


def declare() -> None:
    """Called from `ready()`."""
    register_section("factures", Section(_factures, "comptabilite.view_facturecaisse", order=10))
    register_action("encaisser", Action(_("Encaisser"), _adresse_de_la_caisse, ENCAISSER, order=10))


def _adresse_de_la_caisse(patient: Patient) -> str:
    return f"{reverse('caisse:encaisser')}?{urlencode({'patient': patient.pk})}"


def _factures(request: StaffRequest, patient: Patient) -> Block:
    """Return the patient's last invoices and the address of all of them."""
    factures = FactureCaisse.objects.filter(session__patient=patient).select_related("invoice").order_by("-pk")
    toutes = urlencode({"etat": "toutes", "q": patient.numero})
    contexte = {"factures": list(factures[:DERNIERES]), "toutes": f"{reverse('caisse:factures')}?{toutes}"}
    return Block("comptabilite/caisse/_section_patient.html", contexte)
