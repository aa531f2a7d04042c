"""What is found at the till, walked with the arrows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.hospital.services import enregistrer_patient
from apps.organisations.tests.factories import acteur_of
from apps.socle.scope import scope
from tests.browser.conftest import Hopital, Ouvrir

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_each_act_that_is_found_is_reached_by_the_arrows(hopital: Hopital, ouvrir: Ouvrir) -> None:
    """They stand in one row of the table of lines, which is no entry of a list."""
    amina = acteur_of(hopital.caissiere, hopital.tenant)
    with scope(hopital.tenant.id):
        ouvrir_session_caisse(caisse_id=Caisse.objects.get(code="C1").id, fonds=Decimal(0), acteur=amina)
        patient = enregistrer_patient(nom="Mbarga", acteur=amina)
    fenetre = ouvrir()
    fenetre.entrer(hopital.caissiere)
    page = fenetre.aller(f"caisse/?patient={patient.id}")
    fenetre.attendre("ajout")
    page.keyboard.type("LB")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tarifs button")
    fenetre.attendre("ajout")
    walked = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
        walked.append(page.evaluate("document.activeElement.value"))
    assert walked == [f"ajouter:LB-{code}" for code in ("CRP", "GE", "NFS", "VIH", "NFS")]
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody .ref:text-is('LB-NFS') >> visible=true")
