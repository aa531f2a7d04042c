"""A slow line at the till: an answer that comes late takes nothing back from who typed on meanwhile."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.factories import lignes
from apps.hospital.services import enregistrer_patient
from apps.organisations.tests.factories import acteur_of
from apps.socle.scope import scope
from tests.browser.conftest import Hopital, Ouvrir

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def facture_a_encaisser(hopital: Hopital) -> str:
    """An open till and an invoice of 5,000 FCFA that an accountant validated; returns the address to collect it."""
    amina, rose = acteur_of(hopital.caissiere, hopital.tenant), acteur_of(hopital.comptable, hopital.tenant)
    with scope(hopital.tenant.id):
        ouvrir_session_caisse(caisse_id=Caisse.objects.get(code="C1").id, fonds=Decimal(0), acteur=amina)
        patient = enregistrer_patient(nom="Fotso", acteur=amina)
        facture = facturer_patient(patient_id=patient.id, lignes=lignes("CONS-GEN"), acteur=amina)
        valider_facture(facture_id=facture.id, acteur=rose)
    return f"caisse/factures/{facture.id}/encaisser/"


def test_what_was_typed_and_chosen_since_the_question_stays(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = ouvrir()
    adresse = facture_a_encaisser(hopital)
    fenetre.entrer(hopital.caissiere)
    page = fenetre.aller(adresse)
    page.keyboard.press("Alt+2")
    fenetre.attendre("id_paiements-1-montant")
    tenues: list[Route] = []
    page.route("**/encaisser/", lambda route: tenues.append(route))
    page.keyboard.type("2 000")
    with page.expect_request("**/encaisser/"):
        page.keyboard.press("Tab")
    page.select_option("#id_paiements-1-operateur", "MTN")
    page.fill("#id_paiements-1-payeur", "677412093")
    page.fill("#id_paiements-1-reference", "MT20261120004410")
    tenues.pop().continue_()
    page.unroute("**/encaisser/")
    page.wait_for_selector("#id_paiements-0-montant[value='3\u202f000']")  # what it answered is there
    tapes = {nom: page.input_value(f"#id_paiements-1-{nom}") for nom in ("operateur", "payeur", "reference")}
    assert tapes == {"operateur": "MTN", "payeur": "677412093", "reference": "MT20261120004410"}
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/quittances/**")
