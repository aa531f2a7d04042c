"""The cashier's screen: patient, lines, means, and one receipt whatever the number of clicks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import (
    Cheque,
    FactureCaisse,
    LigneFactureCaisse,
    PaiementCarte,
    PaiementMobile,
    PaiementQuittance,
    Quittance,
    Virement,
)
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet, especes, make_facture
from apps.facturation.models import Invoice
from apps.hospital.services import enregistrer_patient, enregistrer_tarif
from apps.socle.clock import local_date
from apps.socle.models import Fait


def quittance_seule() -> Quittance:
    return Quittance.objects.get()


# Composing -------------------------------------------------------------------------------------


def test_a_closed_till_leads_to_its_opening(guichet: Guichet, caissiere: Personne) -> None:
    from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse

    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=Decimal(50_000), acteur=guichet.caissiere)
    page = caissiere.ouvrir("caisse:encaisser")
    assert page.vers.endswith("/caisse/ma-caisse/")
    assert "Ouvrez d’abord votre caisse." in caissiere.suivre(page).refus


@pytest.mark.parametrize("q", ["mbarga", "SOLANGE mb", "nkoulou", "PAT-00001", "677412093", "6 77 41 20 93"])
def test_a_patient_is_found_by_name_number_or_phone(guichet: Guichet, caissiere: Personne, q: str) -> None:
    enregistrer_patient(nom="Fotso", prenom="Gaël", telephone="699000000", acteur=guichet.caissiere)
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "", q=q)
    [choix] = page.trouver("button", name="faire", value=f"patient:{guichet.patient.id}")
    assert "Mbarga Nkoulou Solange" in "".join(choix.itertext())
    assert "Fotso" not in page.texte
    choisi = caissiere.presser(page, f"patient:{guichet.patient.id}")
    assert choisi.valeur("patient") == str(guichet.patient.id)
    assert choisi.par_id("poste").get("data-focus") == "ajout"


def test_the_search_says_when_more_answer_than_it_lists(guichet: Guichet, caissiere: Personne) -> None:
    for rang in range(8):
        enregistrer_patient(nom="Fotso", prenom=f"Gaël {'abcdefgh'[rang]}", acteur=guichet.caissiere)
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "", q="fotso")
    assert "D’autres répondent" not in page.texte
    enregistrer_patient(nom="Fotso", prenom="Honorine", acteur=guichet.caissiere)
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "", q="fotso")
    assert "D’autres répondent aussi : précisez." in page.texte
    trouves = [b for b in page.trouver("button", name="faire") if b.get("value").startswith("patient:")]
    assert len(trouves) == 8


def test_enter_chooses_the_only_patient_that_it_may_mean(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "recalculer", q="mbarga")
    assert page.valeur("patient") == str(guichet.patient.id)
    enregistrer_patient(nom="Mbarga", prenom="Sophie", acteur=guichet.caissiere)
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "recalculer", q="mbarga")
    assert "patient" not in page.formulaire()
    assert "Mbarga Sophie" in page.texte


def test_typing_searches_and_chooses_nobody(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.envoyer("caisse:encaisser", donnees={"q": "mbarga"}, HX_Request="true")
    assert page.trouver("button", name="faire", value=f"patient:{guichet.patient.id}")
    assert "<h1" not in page.html  # the form alone


def test_nobody_found_says_what_was_searched(caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "", q="zzz <b>")
    assert "Aucun patient pour « zzz <b> »." in page.texte


def test_another_patient_may_be_chosen(guichet: Guichet, caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "changer-patient")
    assert "patient" not in page.formulaire()
    assert page.par_id("poste").get("data-focus") == "q"
    assert page.valeur("lignes-0-code") == "CONS-GEN"


def test_a_tariff_is_added_by_its_code_by_enter(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", ajout="lb-nfs")
    assert page.valeur("lignes-1-code") == "LB-NFS"
    assert page.valeur("ajout") == ""
    assert "Total de 2 lignes 9 500" in page.texte
    assert page.valeur("paiements-0-montant") == "9\u202f500"


def test_a_word_that_means_several_tariffs_lists_them(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", ajout="LB")
    trouves = [b.get("value") for b in page.trouver("button", name="faire") if b.get("value").startswith("ajouter:")]
    assert trouves == ["ajouter:LB-CRP", "ajouter:LB-GE", "ajouter:LB-NFS", "ajouter:LB-VIH"]
    assert page.valeur("ajout") == "LB"
    choisie = caissiere.presser(page, "ajouter:LB-GE")
    assert choisie.valeur("lignes-1-code") == "LB-GE"
    assert choisie.valeur("ajout") == ""


def test_an_unknown_act_is_said_and_adds_nothing(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", ajout="scanner lunaire")
    assert "Aucun tarif pour « scanner lunaire »." in page.texte
    assert "lignes-1-code" not in page.formulaire()


def test_a_line_is_taken_away_and_the_sums_follow(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(caissiere.presser(poste, "ajouter:LB-NFS"), "retirer-ligne:0")
    assert page.valeur("lignes-0-code") == "LB-NFS"
    assert page.valeur("paiements-0-montant") == "4\u202f500"


def test_a_quantity_and_cash_received_are_worked_out(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", lignes_0_quantite="2", paiements_0_recu="20 000")
    assert page.valeur("paiements-0-montant") == "10\u202f000"
    assert "À rendre 10 000 FCFA" in page.texte
    manque = caissiere.presser(page, "recalculer", paiements_0_recu="9 000")
    assert "Il manque 1 000 FCFA" in manque.texte


def test_quick_sums_are_received_by_one_press(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recu:10\u202f000")
    assert page.valeur("paiements-0-recu") == "10\u202f000"
    assert page.par_id("poste").get("data-focus") == "encaisser"


def test_a_mobile_payment_takes_its_part_and_cash_the_rest(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "moyen:MOBILE")
    assert page.par_id("poste").get("data-focus") == "id_paiements-1-montant"
    assert page.par_id("id_paiements-1-montant").get("autofocus") is not None
    page = caissiere.presser(page, "recalculer", paiements_1_montant="3 000")
    assert page.valeur("paiements-0-montant") == "2\u202f000"
    page = caissiere.presser(page, "retirer-paiement:1")
    assert page.valeur("paiements-0-montant") == "5\u202f000"


def test_what_the_patient_still_owes_is_said(guichet: Guichet, caissiere: Personne) -> None:
    facture = make_facture(guichet)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    encaisser_facture(facture_id=facture.id, paiements=[especes(4000)], acteur=guichet.caissiere)
    page = caissiere.ouvrir("caisse:encaisser", patient=guichet.patient.id)
    facture.refresh_from_db()
    assert f"Reste à payer : {facture.invoice.invoice_number}, 7 500 FCFA" in page.texte


# Collecting ------------------------------------------------------------------------------------


def test_cash_is_collected_and_the_receipt_is_ready_to_print(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "encaisser", paiements_0_recu="10 000")
    quittance = quittance_seule()
    assert page.vers.endswith(f"/quittances/{quittance.id}/?neuve=1")
    paiement = quittance.paiements.get()
    assert (paiement.montant, paiement.recu, paiement.rendu) == (5000, 10_000, 5000)
    recu = caissiere.suivre(page)
    assert "5 000 FCFA encaissés de Mbarga Nkoulou Solange." in recu.refus
    assert "À rendre : 5 000 FCFA." in recu.refus
    assert "reçu 10 000, rendu 5 000" in recu.texte
    [lien] = [a for a in recu.trouver("a") if a.get("href", "").endswith("original.pdf")]
    assert lien.get("autofocus") is not None


MOYENS = {
    "MOBILE": ({"operateur": "ORANGE", "payeur": "699938475", "reference": "MP261001.1042"}, PaiementMobile),
    "CARTE": ({"reference": "TPE77936562", "carte": "0973", "terminal": "TERM-2"}, PaiementCarte),
    "CHEQUE": (
        {"reference": "5165159", "banque": "UBA", "titulaire": "Landry Oumarou", "date": "01/10/2026"},
        Cheque,
    ),
    "VIREMENT": ({"reference": "VIR20261000107", "banque": "Ecobank", "date": "01/10/2026"}, Virement),
}


@pytest.mark.parametrize("moyen", MOYENS)
def test_each_means_is_collected_with_its_references(caissiere: Personne, poste: Page, moyen: str) -> None:
    champs, modele = MOYENS[moyen]
    page = caissiere.presser(poste, f"moyen:{moyen}")
    page = caissiere.presser(page, "retirer-paiement:0", paiements_1_montant="5 000")
    assert page.valeur("paiements-0-moyen") == moyen
    page = caissiere.presser(page, "encaisser", **{f"paiements_0_{nom}": valeur for nom, valeur in champs.items()})
    assert page.statut == 302, page.refus
    assert modele.objects.get().paiement.montant == 5000
    assert quittance_seule().donnees["paiements"][0]["moyen"] == moyen


def test_two_mobile_payments_and_cash_make_one_receipt(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(caissiere.presser(poste, "moyen:MOBILE"), "moyen:MOBILE")
    page = caissiere.presser(
        page, "encaisser",
        paiements_1_montant="2 000", paiements_1_operateur="MTN", paiements_1_payeur="677000001", paiements_1_reference="MT1",
        paiements_2_montant="1 000", paiements_2_operateur="ORANGE", paiements_2_payeur="699000001", paiements_2_reference="OM1",
    )  # fmt: skip
    assert page.statut == 302, page.refus
    moyens = quittance_seule().paiements.order_by("ordre").values_list("moyen", "montant")
    assert list(moyens) == [("ESPECES", 2000), ("MOBILE", 2000), ("MOBILE", 1000)]


def test_a_part_is_collected_then_the_rest(caissiere: Personne, poste: Page) -> None:
    assert caissiere.presser(poste, "encaisser", paiements_0_montant="2 000").statut == 302
    facture = FactureCaisse.objects.get()
    assert facture.statut == "VALIDEE"
    page = caissiere.ouvrir("caisse:encaisser_facture", facture.id)
    assert "À encaisser 3 000 FCFA" in page.texte
    fini = caissiere.presser(page, "encaisser")
    assert caissiere.suivre(fini).statut == 200
    facture.refresh_from_db()
    assert facture.statut == "PAYEE"
    assert sorted(Quittance.objects.values_list("montant_paye", flat=True)) == [2000, 3000]


def test_an_invoice_of_zero_is_paid_without_receipt(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.presser(
        caissiere.ouvrir("caisse:encaisser", patient=guichet.patient.id), "recalculer", ajout="LB-VIH"
    )
    assert "paiements-0-moyen" not in page.formulaire()
    fini = caissiere.presser(page, "encaisser")
    facture = FactureCaisse.objects.get()
    assert fini.vers.endswith(f"/caisse/factures/{facture.id}/")
    assert (facture.statut, facture.montant) == ("PAYEE", 0)
    assert not Quittance.objects.exists()
    assert "Rien n’a été encaissé : il n’y avait rien à payer." in caissiere.suivre(fini).texte


def test_what_was_due_goes_away_when_the_last_line_costs_nothing(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(caissiere.presser(poste, "ajouter:LB-VIH"), "retirer-ligne:0")
    assert "paiements-0-moyen" not in page.formulaire()
    assert caissiere.presser(page, "encaisser").statut == 302


# One form, one receipt -----------------------------------------------------------------------------


def test_a_second_click_finds_the_first_receipt(caissiere: Personne, poste: Page) -> None:
    premier, second = (caissiere.presser(poste, "encaisser") for _clic in range(2))
    assert premier.vers == second.vers
    assert Quittance.objects.count() == Invoice.objects.count() == 1
    assert Fait.objects.count() == 3  # the float, the invoice, the receipt


def test_a_second_click_on_an_invoice_finds_its_receipt_once_paid(guichet: Guichet, caissiere: Personne) -> None:
    facture = make_facture(guichet)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    page = caissiere.ouvrir("caisse:encaisser_facture", facture.id)
    premier, second = (caissiere.presser(page, "encaisser") for _clic in range(2))
    assert "/quittances/" in premier.vers
    assert premier.vers == second.vers
    assert Quittance.objects.count() == 1


def test_the_sale_of_a_first_click_leads_to_its_own_receipt_after_a_later_payment(
    guichet: Guichet, caissiere: Personne, poste: Page
) -> None:
    premier = caissiere.presser(poste, "encaisser", paiements_0_montant="2 000")
    facture = FactureCaisse.objects.get()
    encaisser_facture(facture_id=facture.id, paiements=[especes(3000)], acteur=guichet.caissiere)
    assert caissiere.presser(poste, "encaisser", paiements_0_montant="2 000").vers == premier.vers


def test_back_and_another_sale_is_said_then_made(caissiere: Personne, poste: Page) -> None:
    caissiere.presser(poste, "encaisser")
    page = caissiere.presser(poste, "encaisser", paiements_0_recu="10 000")
    assert page.statut == 409
    assert f"Ce formulaire a déjà servi : il a donné {quittance_seule().numero_quittance}." in page.refus
    assert page.valeur("cle_idempotence") != poste.valeur("cle_idempotence")
    assert page.valeur("paiements-0-recu") == "10 000"
    assert Quittance.objects.count() == 1
    assert caissiere.presser(page, "encaisser").statut == 302
    assert Quittance.objects.count() == 2


def test_back_on_an_invoice_with_another_amount_is_said(guichet: Guichet, caissiere: Personne) -> None:
    facture = make_facture(guichet)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    page = caissiere.ouvrir("caisse:encaisser_facture", facture.id)
    caissiere.presser(page, "encaisser", paiements_0_montant="1 000")
    autre = caissiere.presser(page, "encaisser", paiements_0_montant="2 000")
    assert autre.statut == 409
    assert quittance_seule().numero_quittance in autre.refus
    assert "À encaisser 10 500 FCFA" in autre.texte


def test_a_sale_that_was_collected_is_not_put_on_hold_by_back(caissiere: Personne, poste: Page) -> None:
    caissiere.presser(poste, "encaisser")
    assert caissiere.presser(poste, "attente").statut == 409
    assert FactureCaisse.objects.count() == 1


def test_a_form_without_key_collects_nothing(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "encaisser", cle_idempotence="")
    assert page.statut == 422
    assert "clé" in page.refus
    assert not FactureCaisse.objects.exists()


def test_a_total_that_was_not_seen_is_shown_before_it_is_collected(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "encaisser", lignes_0_quantite="3")
    assert page.statut == 422
    assert "Le total est maintenant de 15 000 FCFA. Vérifiez-le, puis recommencez." in page.refus
    assert page.par_id("encaisser").get("autofocus") is not None
    assert not FactureCaisse.objects.exists()
    assert caissiere.presser(page, "encaisser").statut == 302
    assert quittance_seule().montant_paye == 15_000


def test_a_tariff_that_changed_meanwhile_is_shown_first(guichet: Guichet, caissiere: Personne, poste: Page) -> None:
    enregistrer_tarif(
        code="CONS-GEN", nom="Consultation générale", type_recette="CONSULTATION", montant=Decimal(6000),
        valide_du=local_date(guichet.tenant.time_zone), acteur=guichet.comptable,
    )  # fmt: skip
    page = caissiere.presser(poste, "encaisser")
    assert "Le total est maintenant de 6 000 FCFA." in page.refus
    assert page.valeur("paiements-0-montant") == "6\u202f000"


def test_an_act_left_in_the_search_is_not_forgotten(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "encaisser", ajout="LB")
    assert page.erreur_de("ajout").startswith("Choisissez cet acte dans la liste")
    assert page.par_id("poste").get("data-focus") == "ajout"
    assert not FactureCaisse.objects.exists()


# Off tariff, on hold -----------------------------------------------------------------------------------


def test_a_price_off_tariff_waits_for_an_accountant(guichet: Guichet, caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", lignes_0_prix="3 000")
    assert "Tarif : 5 000 FCFA" in page.texte
    refusee = caissiere.presser(page, "encaisser")
    assert refusee.statut == 422
    assert "devra d’abord être validée par un comptable : prix hors tarif : Consultation générale" in refusee.refus
    assert "Rien n’est encore enregistré : mettez-la en attente (F9)" in refusee.refus
    assert refusee.valeur("lignes-0-prix") == "3 000"
    assert not FactureCaisse.objects.exists()
    [bouton] = refusee.trouver("button", name="faire", value="attente")
    assert bouton.get("data-touche") == "F9"
    tenue = caissiere.presser(refusee, "attente")
    facture = FactureCaisse.objects.get()
    assert (facture.statut, facture.montant, facture.caissier_id) == ("EN_ATTENTE", 3000, caissiere.id)
    assert f"La facture {facture.numero_travail} attend la validation." in caissiere.suivre(tenue).refus
    assert caissiere.presser(refusee, "attente").vers == tenue.vers
    assert FactureCaisse.objects.count() == 1


def test_the_tariff_typed_by_hand_is_the_tariff(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", lignes_0_prix="5 000")
    assert "Tarif :" not in page.texte
    assert caissiere.presser(page, "encaisser").statut == 302
    assert LigneFactureCaisse.objects.get().au_tarif


def test_what_was_put_on_hold_at_tariff_is_collected_under_the_rule(caissiere: Personne, poste: Page) -> None:
    caissiere.presser(poste, "attente")
    facture = FactureCaisse.objects.get()
    [lien] = [a for a in caissiere.ouvrir("caisse:facture", facture.id).trouver("a") if a.text == "Encaisser" and "btn-primary" in a.get("class", "")]  # fmt: skip
    page = Page(caissiere.client.get(lien.get("href")))
    assert caissiere.presser(page, "encaisser").statut == 302
    facture.refresh_from_db()
    assert facture.statut == "PAYEE"
    assert facture.regle_id is not None


def test_a_paid_invoice_is_not_collected_again(guichet: Guichet, caissiere: Personne) -> None:
    facture = make_facture(guichet)
    page = caissiere.ouvrir("caisse:encaisser_facture", facture.id)
    encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    refusee = caissiere.presser(page, "encaisser")
    assert refusee.vers.endswith(f"/caisse/factures/{facture.id}/")
    assert "déjà encaissée par Amina Ngo Bassong" in caissiere.suivre(refusee).refus
    assert caissiere.ouvrir("caisse:encaisser_facture", facture.id).vers == refusee.vers
    assert PaiementQuittance.objects.count() == 1


def test_cash_that_is_there_already_is_aimed_at(caissiere: Personne, poste: Page) -> None:
    encore = caissiere.presser(poste, "moyen:ESPECES")
    assert [nom for nom in encore.formulaire() if nom.endswith("-recu")] == ["paiements-0-recu"]
    vise = encore.par_id("id_paiements-0-montant")
    assert vise is not None
    assert vise.get("autofocus") is not None


def test_why_a_price_was_changed_is_said_at_the_till(caissiere: Personne, poste: Page) -> None:
    """The field comes with the price that asks for it; what it says is on the invoice that the accountant reads."""
    assert poste.par_id("motif") is None
    changee = caissiere.presser(poste, "recalculer", lignes_0_prix="4 000")
    assert changee.par_id("motif") is not None
    gardee = caissiere.presser(changee, "ajouter:LB-GE", motif="Geste du médecin-chef")
    assert gardee.valeur("motif") == "Geste du médecin-chef"
    assert caissiere.presser(gardee, "attente").statut == 302
    assert FactureCaisse.objects.get().motif == "Geste du médecin-chef"


def test_a_card_number_in_the_reason_is_refused_beside_it(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "recalculer", lignes_0_prix="4 000")
    refusee = caissiere.presser(page, "attente", motif="4111 1111 1111 1111")
    assert refusee.statut == 422
    assert "carte" in refusee.erreur_de("motif")
