"""« Ma caisse » and the accountant's rule: opened and closed once, a difference explained, each version kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import RegleValidation, SessionCaisse
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet, especes, make_facture, mobile
from apps.organisations.tests.factories import make_acteur
from apps.socle.models import Fait


def envoyer(qui: Personne, page: Page, nom: str, **changements: str) -> Page:
    """Send the page's form that goes to `nom`, with some fields changed."""
    return qui.envoyer(nom, donnees={**page.formulaire(action=qui.adresse(nom)), **changements})


@pytest.fixture
def fermee(guichet: Guichet, caissiere: Personne) -> Page:
    """The cashier's page once her till is closed, without difference."""
    page = caissiere.ouvrir("caisse:session")
    return caissiere.suivre(envoyer(caissiere, page, "caisse:fermer", compte="50 000"))


def test_a_till_is_opened_with_what_it_holds_and_once(guichet: Guichet, caissiere: Personne, fermee: Page) -> None:
    formulaire = fermee.formulaire(action=caissiere.adresse("caisse:ouvrir"))
    assert formulaire["fonds"] == "50\u202f000"
    assert formulaire["caisse"] == str(guichet.caisse.pk)
    demande = envoyer(caissiere, fermee, "caisse:ouvrir", fonds="60 000")
    premier, second = (envoyer(caissiere, demande, "caisse:ouvrir") for _clic in range(2))
    assert premier.vers == second.vers == caissiere.adresse("caisse:encaisser")
    assert SessionCaisse.objects.filter(statut="OUVERTE").count() == 1
    assert Fait.objects.filter(type="fonds_de_caisse").count() == 2  # the first float, and 10,000 more
    assert "Caisse C1 ouverte" in caissiere.suivre(premier).texte


def test_a_till_that_somebody_took_meanwhile_is_said(guichet: Guichet, caissiere: Personne, fermee: Page) -> None:
    autre = make_acteur(guichet.tenant, "caissier", first_name="Paul", last_name="Essomba")
    ouvrir_session_caisse(caisse_id=guichet.caisse.id, fonds=Decimal(50_000), acteur=autre)
    refusee = envoyer(caissiere, fermee, "caisse:ouvrir")
    assert refusee.statut == 409
    assert "déjà ouverte par Paul Essomba depuis" in refusee.erreur_de("caisse")
    assert "Toutes les caisses sont ouvertes" in caissiere.ouvrir("caisse:session").texte


def test_a_float_that_cannot_be_is_said_beside_it(caissiere: Personne, fermee: Page) -> None:
    for fonds, phrase in (
        ("-1", "négatif"),
        ("0,5", "sans centimes"),
        ("x", "Écrivez un nombre"),
        ("9" * 20, "trop grand"),
        ("", "obligatoire"),
    ):
        refusee = envoyer(caissiere, fermee, "caisse:ouvrir", fonds=fonds)
        assert refusee.statut == 422
        assert phrase in refusee.erreur_de("fonds")
        assert refusee.formulaire(action=caissiere.adresse("caisse:ouvrir"))["fonds"] == fonds
    assert not SessionCaisse.objects.filter(statut="OUVERTE").exists()


def test_another_house_s_till_is_no_choice(autre_tenant, caissiere: Personne, fermee: Page) -> None:
    from apps.comptabilite.caisse.models import Caisse
    from apps.socle.scope import scope

    with scope(autre_tenant.id):
        ailleurs = Caisse.objects.get()
    assert envoyer(caissiere, fermee, "caisse:ouvrir", caisse=str(ailleurs.pk)).statut == 422


def test_the_open_till_shows_its_takings(guichet: Guichet, caissiere: Personne) -> None:
    facture = make_facture(guichet)
    encaisser_facture(facture_id=facture.id, paiements=[especes(6500), mobile(5000)], acteur=guichet.caissiere)
    texte = caissiere.ouvrir("caisse:session").texte
    assert "Espèces 1 6 500" in texte
    assert "Paiement mobile 1 5 000" in texte
    assert "Fonds de caisse 50 000" in texte
    assert "Espèces attendues dans le tiroir 56 500" in texte


def test_a_difference_asks_why_and_keeps_the_count(caissiere: Personne) -> None:
    page = caissiere.ouvrir("caisse:session")
    refusee = envoyer(caissiere, page, "caisse:fermer", compte="49 000")
    assert refusee.statut == 422
    assert "L’écart est de −1 000 FCFA : dites pourquoi." in refusee.erreur_de("motif_ecart")
    assert refusee.formulaire(action=caissiere.adresse("caisse:fermer"))["compte"] == "49 000"
    assert SessionCaisse.objects.get().statut == "OUVERTE"
    fini = caissiere.suivre(envoyer(caissiere, refusee, "caisse:fermer", motif_ecart="Billet manquant"))
    assert "La caisse est fermée." in fini.refus
    assert "49 000 −1 000" in fini.texte
    assert Fait.objects.filter(type="manquant_de_caisse").count() == 1


def test_a_second_click_closes_nothing_twice_and_says_the_same(caissiere: Personne) -> None:
    page = caissiere.ouvrir("caisse:session")
    bandes = [caissiere.suivre(envoyer(caissiere, page, "caisse:fermer", compte="50 000")).refus for _clic in range(2)]
    assert bandes == ["La caisse est fermée."] * 2
    autre = caissiere.suivre(envoyer(caissiere, page, "caisse:fermer", compte="1"))
    assert "Votre caisse est déjà fermée." in autre.refus


def test_a_count_that_cannot_be_is_said(caissiere: Personne) -> None:
    page = caissiere.ouvrir("caisse:session")
    for compte in ("-1", "x", "", "9999999999999999,9999", "a\x00"):
        refusee = envoyer(caissiere, page, "caisse:fermer", compte=compte, motif_ecart="?")
        assert refusee.statut == 422, compte
        assert refusee.erreur_de("compte")
    carte = envoyer(caissiere, page, "caisse:fermer", compte="0", motif_ecart="4970 1012 3456 7893")
    assert "quatre derniers chiffres" in carte.erreur_de("motif_ecart")
    assert "4970 1012" not in carte.html
    assert envoyer(caissiere, page, "caisse:fermer", compte="0", motif_ecart="x" * 10_000).statut == 422


def test_nobody_closes_another_s_till(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.ouvrir("caisse:session")
    collegue = Personne(guichet.tenant, make_acteur(guichet.tenant, "caissier"))
    fait = envoyer(collegue, page, "caisse:fermer", compte="50 000")
    assert "La caisse est fermée." not in collegue.suivre(fait).refus
    assert SessionCaisse.objects.get().statut == "OUVERTE"


# The rule ----------------------------------------------------------------------------------------------------


def test_the_accountant_sets_the_rule_and_each_version_is_kept(comptable: Personne) -> None:
    page = comptable.ouvrir("caisse:regle")
    assert page.trouver("input", name="active")[0].get("checked") is not None
    for _clic in range(2):
        fait = comptable.envoyer("caisse:regle", donnees={"active": "on", "plafond": "20 000"})
    assert "La règle est déjà celle-là." in comptable.suivre(fait).refus
    assert list(RegleValidation.objects.order_by("modifie_le").values_list("active", "plafond")) == [
        (True, None),
        (True, 20_000),
    ]
    assert "20 000 FCFA" in comptable.ouvrir("caisse:regle").texte


def test_the_rule_s_limit_sends_a_dearer_sale_to_the_accountant(
    guichet: Guichet, caissiere: Personne, comptable: Personne, poste: Page
) -> None:
    comptable.envoyer("caisse:regle", donnees={"active": "on", "plafond": "4 999"})
    assert "le montant dépasse le plafond de la règle (4 999 FCFA)" in caissiere.presser(poste, "encaisser").refus
    comptable.envoyer("caisse:regle", donnees={"plafond": ""})
    assert "aucune règle de validation n’est active" in caissiere.presser(poste, "encaisser").refus


def test_a_limit_that_cannot_be_is_said(comptable: Personne) -> None:
    for plafond in ("-5", "0,5", "beaucoup"):
        refusee = comptable.envoyer("caisse:regle", donnees={"active": "on", "plafond": plafond})
        assert refusee.statut == 422
        assert refusee.erreur_de("plafond")
    assert RegleValidation.objects.count() == 1


def test_a_cashier_reads_the_rule_and_changes_nothing(caissiere: Personne) -> None:
    assert "Seul un comptable change cette règle." in caissiere.ouvrir("caisse:regle").texte
    assert caissiere.envoyer("caisse:regle", donnees={"plafond": "1"}).statut == 403
    assert RegleValidation.objects.count() == 1
