"""The day of a hospital in Chromium: from the opening of the till to the link that the last franc left."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.browser.conftest import Fenetre, Hopital, Ouvrir

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def mots(page: Page, selecteur: str = "main") -> str:
    """What the page says, spaces made ordinary."""
    return " ".join(page.inner_text(selecteur).split())


def taper(page: Page, *touches: str) -> None:
    """Press keys one after another: `=texte` types it."""
    for touche in touches:
        if touche.startswith("="):
            page.keyboard.type(touche[1:])
        else:
            page.keyboard.press(touche)


def texte_du_papier(fenetre: Fenetre) -> str:
    """Fetch what the focused link prints, as the browser would, and return the PDF's words."""
    adresse = fenetre.page.evaluate("document.activeElement.href")
    reponse = fenetre.page.context.request.get(adresse)
    assert reponse.status == 200
    assert reponse.headers["content-type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(reponse.body())).pages).split())


def ouvrir_la_caisse(fenetre: Fenetre) -> None:
    page = fenetre.page
    assert "Ouvrez d’abord votre caisse." in mots(page)
    fenetre.attendre("id_fonds")
    page.keyboard.press("Control+A")
    taper(page, "=50 000", "Control+Enter")
    fenetre.attendre("q")
    assert "Caisse C1 ouverte" in mots(page, "header")


def enregistrer_la_patiente(fenetre: Fenetre) -> None:
    page = fenetre.page
    taper(page, "=Mbarga Nkoulou Solange")
    page.wait_for_selector("text=Aucun patient pour « Mbarga Nkoulou Solange ».")
    fenetre.photo("jour-01-patient-inconnu")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Vous reviendrez ensuite")
    fenetre.photo("jour-01-nouveau-patient")
    page.fill("[name=nom]", "Mbarga Nkoulou")
    page.fill("[name=prenom]", "Solange")
    page.fill("[name=telephone]", "6 77 41 20 93")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=PAT-00001")
    fenetre.attendre("ajout")


def encaisser_au_clavier(fenetre: Fenetre) -> str:
    """Invoice, collect and print without a mouse; return the receipt's number."""
    page = fenetre.page
    for code in ("cons-gen", "lb-nfs"):
        taper(page, f"={code}", "Enter")
        page.wait_for_selector(f"tbody .ref:text-is('{code.upper()}') >> visible=true")
        fenetre.attendre("ajout")
    taper(page, "F8", "=10 000", "Tab")
    page.wait_for_selector(".rendu:has-text('500')")
    fenetre.photo("jour-02-encaissement")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/quittances/**")
    assert "9 500 FCFA encaissés de Mbarga Nkoulou Solange." in mots(page)
    fenetre.photo("jour-03-quittance")
    numero = mots(page, "h1 .ref")
    assert re.fullmatch(r"QUIT-\d{4}-00001", numero)
    papier = texte_du_papier(fenetre)
    assert numero in papier
    assert "neuf mille cinq cents francs CFA" in papier
    assert "reçu 10 000, rendu 500" in papier
    return numero


def mettre_en_attente(fenetre: Fenetre) -> str:
    """A price off tariff waits; return the invoice's working number."""
    page = fenetre.page
    page.keyboard.press("F2")
    fenetre.attendre("q")
    taper(page, "=mbarga so")
    page.wait_for_selector("#trouves button")
    fenetre.photo("jour-04-recherche")
    taper(page, "ArrowDown", "Enter")
    fenetre.attendre("ajout")
    taper(page, "=echo abdo", "Enter")
    page.wait_for_selector("text=Échographie abdominale")
    page.focus("#id_lignes-0-prix")
    taper(page, "=15 000", "Control+Enter")
    page.wait_for_selector("text=Le total est maintenant de")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=prix hors tarif")
    fenetre.attendre("erreurs")
    fenetre.photo("jour-05-hors-tarif")
    page.keyboard.press("F9")
    page.wait_for_selector("text=attend la validation.")
    return re.search(r"FC-\d{4}-\d{5}", mots(page)).group()  # type: ignore[union-attr]


def rejeter(fenetre: Fenetre, numero: str) -> None:
    page = fenetre.page
    page.click("text=Factures à valider")
    page.wait_for_selector(f"#choisie:has-text('{numero}')")
    fenetre.photo("jour-06-file")
    page.click("#choisie button:has-text('Rejeter')")
    page.wait_for_selector("text=Dites pourquoi")
    fenetre.attendre("panneau_commentaire")
    taper(page, "=Le tarif de l’échographie est 18 000.")
    page.click("#choisie button:has-text('Rejeter')")
    page.wait_for_selector("text=1 facture rejetée.")


def corriger(fenetre: Fenetre, numero: str) -> None:
    page = fenetre.page
    page.click("nav >> text=Factures")
    page.click("nav.onglets >> text=Rejetées")
    page.click(f"th a:has-text('{numero}')")
    page.click("#choisie >> text=Ouvrir la fiche")
    assert "Le tarif de l’échographie est 18 000." in mots(page)
    fenetre.photo("jour-07-rejetee")
    page.click(".tete >> text=Corriger")
    fenetre.attendre("ajout")
    page.fill("#id_lignes-0-prix", "16 000")
    page.keyboard.press("Tab")
    page.wait_for_selector(".somme:has-text('16 000')")
    fenetre.photo("jour-08-correction")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=attend de nouveau la validation")


def valider(fenetre: Fenetre, numero: str) -> None:
    """The row is found, ticked and validated from the keyboard."""
    page = fenetre.page
    fenetre.aller("caisse/factures/")
    page.focus(f"th a:has-text('{numero}')")
    page.keyboard.press("Space")
    page.wait_for_selector("button:has-text('Valider la facture')")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=1 facture validée.")


def encaisser_en_deux_moyens(fenetre: Fenetre) -> str:
    page = fenetre.page
    fenetre.aller("caisse/")
    taper(page, "=677412093", "Enter")
    fenetre.attendre("ajout")
    page.click("text=/FAC-\\d{4}-00002/")
    page.wait_for_selector("text=Encaisser une facture")
    page.keyboard.press("Alt+2")
    fenetre.attendre("id_paiements-1-montant")
    taper(page, "=10 000", "Tab")
    page.wait_for_selector("#id_paiements-0-montant[value='6\u202f000']")
    page.select_option("#id_paiements-1-operateur", "MTN")
    page.fill("#id_paiements-1-payeur", "677412093")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=1 champ à corriger")
    fenetre.attendre("id_paiements-1-reference")
    fenetre.photo("jour-09-reference-manquante")
    taper(page, "=MT20261120004410", "Control+Enter")
    page.wait_for_url("**/quittances/**")
    assert "16 000 FCFA encaissés" in mots(page)
    return mots(page, "h1 .ref")


def remonter_la_preuve(fenetre: Fenetre, numero: str) -> None:
    """From the receipt to its entry and back, then the balance, an account and the chain's check."""
    page = fenetre.page
    fenetre.aller(f"caisse/quittances/?q={numero}")
    page.click(f"text={numero}")
    page.wait_for_selector("text=Ce que ce franc a laissé")
    fenetre.photo("jour-10-trace")
    page.click("dt:has-text('Écriture') + dd a")
    page.wait_for_selector("text=Origine")
    assert re.search(r"5\d+", mots(page, "table"))
    fenetre.photo("jour-11-ecriture")
    page.click(f"a:has-text('{numero}')")
    page.wait_for_selector("text=Ce que ce franc a laissé")
    fenetre.aller("comptabilite/balance/")
    assert "prévenez l’assistance" not in mots(page)
    total = [" ".join(texte.split()) for texte in page.locator("tfoot .somme:visible").all_inner_texts()]
    assert total[-2] == total[-1] != "0"
    fenetre.photo("jour-12-balance")
    page.click("tbody a.ref:text-matches('^4111')")
    page.wait_for_selector(f"text={numero}")
    fenetre.photo("jour-13-grand-livre")
    fenetre.aller("chaine/")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Chaîne conforme")
    fenetre.photo("jour-14-chaine")


def test_the_day(hopital: Hopital, ouvrir: Ouvrir) -> None:
    guichet, bureau = ouvrir(), ouvrir()
    guichet.se_connecter(hopital.caissiere)
    ouvrir_la_caisse(guichet)
    enregistrer_la_patiente(guichet)
    encaisser_au_clavier(guichet)
    numero = mettre_en_attente(guichet)
    bureau.se_connecter(hopital.comptable)
    bureau.photo("jour-05b-accueil")
    rejeter(bureau, numero)
    corriger(guichet, numero)
    valider(bureau, numero)
    quittance = encaisser_en_deux_moyens(guichet)
    remonter_la_preuve(bureau, quittance)
    fermer_la_caisse(guichet)


def fermer_la_caisse(fenetre: Fenetre) -> None:
    page = fenetre.page
    fenetre.aller("caisse/ma-caisse/")
    assert "Espèces attendues dans le tiroir 65 500" in mots(page)
    page.fill("#id_compte", "65 000")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=L’écart est de −500")
    fenetre.attendre("id_motif_ecart")
    fenetre.photo("jour-15-ecart")
    taper(page, "=Monnaie rendue en trop", "Control+Enter")
    page.wait_for_selector("text=La caisse est fermée.")
    fenetre.photo("jour-16-fermee")


def test_the_money_path_without_a_script(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = ouvrir(java_script_enabled=False)
    page = fenetre.se_connecter(hopital.caissiere)
    page.click("button:has-text('Ouvrir la caisse')")
    fenetre.aller("patients/nouveau/")
    page.fill("[name=nom]", "Fotso")
    page.fill("[name=prenom]", "Gaël")
    page.click("main button[type=submit]")
    page.click(".tete >> text=Encaisser")
    fenetre.attendre("ajout")
    page.fill("#ajout", "LB-GE")
    page.click("text=Ajouter >> visible=true")
    page.fill("#id_lignes-0-quantite", "0")
    page.click("#encaisser")
    assert "supérieure à zéro" in mots(page, "#poste")
    fenetre.attendre("id_lignes-0-quantite")  # by `autofocus`, no script runs
    page.click("#erreurs a")
    page.fill("#id_lignes-0-quantite", "3")
    page.click("#encaisser")
    assert "Le total est maintenant de 6 000 FCFA." in mots(page, "#poste")
    page.click("#encaisser")
    assert "6 000 FCFA encaissés de Fotso Gaël." in mots(page)
    assert re.search(r"QUIT-\d{4}-00001", texte_du_papier(fenetre))
    page.go_back()
    page.click("#encaisser")  # the same form once more: the same receipt
    assert re.fullmatch(r"QUIT-\d{4}-00001", mots(page, "h1 .ref"))
