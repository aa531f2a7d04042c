"""A slow line at the till: an answer that comes late takes nothing back from who typed on meanwhile."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from apps.comptabilite.caisse.models import Caisse
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.factories import lignes
from apps.hospital.services import enregistrer_patient
from apps.organisations.tests.factories import acteur_of
from apps.socle.scope import scope
from tests.browser.conftest import Fenetre, Hopital, Ouvrir

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

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


def devant_un_second_paiement(hopital: Hopital, ouvrir: Ouvrir) -> Fenetre:
    """The cashier's window on that invoice, a payment by mobile money added beside the cash, its amount to be typed."""
    fenetre = ouvrir()
    adresse = facture_a_encaisser(hopital)
    fenetre.entrer(hopital.caissiere)
    fenetre.aller(adresse).keyboard.press("Alt+2")
    fenetre.attendre("id_paiements-1-montant")
    return fenetre


def test_what_was_typed_and_chosen_since_the_question_stays(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = devant_un_second_paiement(hopital, ouvrir)
    page = fenetre.page
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


def rendu(page: Page) -> str:
    return " ".join(page.inner_text(".rendu").split())


def test_the_change_follows_the_typing(hopital: Hopital, ouvrir: Ouvrir) -> None:
    """No Tab: a pause is enough. Focus, caret and what was typed on meanwhile stay, and are counted in the end."""
    fenetre = ouvrir()
    adresse = facture_a_encaisser(hopital)
    fenetre.entrer(hopital.caissiere)
    page = fenetre.aller(adresse)
    fenetre.attendre("id_paiements-0-recu")
    page.keyboard.type("6000")
    page.wait_for_selector(".rendu:has-text('1\u202f000')")
    fenetre.attendre("id_paiements-0-recu")
    tenues: list[Route] = []
    page.route("**/encaisser/", lambda route: tenues.append(route))
    page.keyboard.press("Home")
    with page.expect_request("**/encaisser/"):
        page.keyboard.type("1")  # 16 000 is asked
    page.keyboard.press("ArrowRight")
    page.keyboard.type("9")  # and 169 000 stands there when its answer comes, the caret after the 9
    tenues.pop().continue_()
    page.unroute("**/encaisser/")
    page.wait_for_selector(".rendu:has-text('164\u202f000')")
    assert page.input_value("#id_paiements-0-recu") == "169000"
    assert fenetre.actif == "id_paiements-0-recu"
    assert page.evaluate("document.activeElement.selectionStart") == 3
    page.keyboard.press("Backspace")
    page.wait_for_selector(".rendu:has-text('11\u202f000')")


def test_a_row_under_the_hand_neither_goes_nor_fills(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = devant_un_second_paiement(hopital, ouvrir)
    page = fenetre.page
    page.keyboard.type("5000")
    page.wait_for_selector("#id_paiements-0-montant[value='']")
    assert fenetre.actif == "id_paiements-1-montant"
    with page.expect_response("**/encaisser/"):
        for _fois in range(4):
            page.keyboard.press("Backspace")
    page.wait_for_selector("#id_paiements-0-montant[value='5\u202f000']")
    assert page.input_value("#id_paiements-1-montant") == ""
    assert fenetre.actif == "id_paiements-1-montant"
    page.keyboard.press("Alt+1")  # cash is there: typing goes on in it
    fenetre.attendre("id_paiements-0-montant")
    assert page.locator("[name$=-recu]").count() == 1


def test_the_float_follows_the_till_that_is_chosen(hopital: Hopital, ouvrir: Ouvrir) -> None:
    amina = acteur_of(hopital.caissiere, hopital.tenant)
    with scope(hopital.tenant.id):
        c1 = Caisse.objects.get(code="C1")
        c2 = creer_caisse(code="C2", libelle="Caisse du soir", acteur=acteur_of(hopital.comptable, hopital.tenant))
        session = ouvrir_session_caisse(caisse_id=c1.id, fonds=Decimal(652_950), acteur=amina)
        fermer_session_caisse(session_caisse_id=session.id, compte=Decimal(652_950), acteur=amina)
    fenetre = ouvrir()
    fenetre.entrer(hopital.caissiere)
    page = fenetre.aller("caisse/ma-caisse/")
    assert page.input_value("#id_fonds") == "652\u202f950"
    page.select_option("#id_caisse", str(c2.pk))
    fenetre.attendre_valeur("id_fonds", "0")
    page.fill("#id_fonds", "12 000")
    page.select_option("#id_caisse", str(c1.pk))
    page.wait_for_selector("#id_propose[value='652\u202f950']", state="attached")
    assert page.input_value("#id_fonds") == "12 000"
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=640 950 FCFA de moins")
    fenetre.photo("fonds-demande")
    page.keyboard.press("Control+Enter")
    fenetre.attendre("q")
