"""A slip of the finger is asked about once, beside its field, without a script; what is meant is taken the second time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.comptabilite.caisse.models import Caisse, FactureCaisse, LigneFactureCaisse, SessionCaisse
from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.vraisemblance import fonds_inhabituel
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet
from apps.organisations.tests.factories import make_acteur
from apps.socle.models import Fait

pytestmark = pytest.mark.database
BEAUCOUP = "c’est beaucoup"


@pytest.fixture
def fermee(guichet: Guichet, caissiere: Personne) -> Page:
    """The cashier's page once her till, which held 50,000, is closed."""
    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=Decimal(50_000), acteur=guichet.caissiere)
    return caissiere.ouvrir("caisse:session")


def ouvrir(qui: Personne, page: Page, **changements: str) -> Page:
    """Send again the page's own form with some fields changed."""
    adresse = qui.adresse("caisse:ouvrir")
    return qui.envoyer("caisse:ouvrir", donnees={**page.formulaire(action=adresse), **changements})


# The float -------------------------------------------------------------------------------------


def caisse_neuve(guichet: Guichet, code: str = "C2") -> Caisse:
    return creer_caisse(code=code, libelle=f"Caisse {code}", acteur=guichet.comptable)


def test_an_unlikely_first_float_is_asked_twice(guichet: Guichet, caissiere: Personne, fermee: Page) -> None:
    neuve = str(caisse_neuve(guichet).pk)
    demande = ouvrir(caissiere, fermee, caisse=neuve, fonds="2 000 000")
    assert demande.statut == 422
    assert f"Un fonds de 2 000 000 FCFA, {BEAUCOUP}" in demande.erreur_de("fonds")
    assert demande.resume == [("#id_fonds", "Fonds de caisse")]
    assert not SessionCaisse.objects.filter(statut="OUVERTE").exists()
    assert "20 000 000" in ouvrir(caissiere, demande, fonds="20 000 000").erreur_de("fonds")
    confirmee = ouvrir(caissiere, demande)
    assert confirmee.vers == caissiere.adresse("caisse:encaisser")
    assert SessionCaisse.objects.get(statut="OUVERTE").fonds == 2_000_000


def test_a_first_float_like_any_other_is_taken_at_once(guichet: Guichet, caissiere: Personne, fermee: Page) -> None:
    assert ouvrir(caissiere, fermee, caisse=str(caisse_neuve(guichet).pk), fonds="25 000").statut == 302


@pytest.mark.parametrize(
    ("fonds", "dit", "fait"),
    [("60 000", "10 000 FCFA de plus", "fonds_de_caisse"), ("20 000", "30 000 FCFA de moins", "retrait_de_caisse")],
)
def test_a_float_that_is_not_the_last_count_is_asked_before_it_is_booked(
    caissiere: Personne, fermee: Page, fonds: str, dit: str, fait: str
) -> None:
    avant = Fait.objects.count()
    demande = ouvrir(caissiere, fermee, fonds=fonds)
    phrase = demande.erreur_de("fonds")
    assert demande.statut == 422
    for mot in ("50 000 FCFA ont été comptés dans C1", f"{fonds} FCFA", dit):
        assert mot in phrase
    assert Fait.objects.count() == avant
    assert ouvrir(caissiere, demande).statut == 302
    assert Fait.objects.filter(type=fait).order_by("created_at").last().lines[0]["amount"] == dit.split(" FCFA")[
        0
    ].replace(" ", "")


def test_a_confirmation_holds_for_its_till_and_its_amount(guichet: Guichet, caissiere: Personne, fermee: Page) -> None:
    """What was said of one drawer is not taken for another's; neither is a confirmation typed beforehand."""
    autre = caisse_neuve(guichet)
    session = ouvrir_session_caisse(caisse_id=autre.id, fonds=Decimal(5000), acteur=guichet.caissiere)
    fermer_session_caisse(session_caisse_id=session.id, compte=Decimal(5000), acteur=guichet.caissiere)
    demande = ouvrir(caissiere, fermee, fonds="60 000")
    ailleurs = ouvrir(caissiere, demande, caisse=str(autre.pk))
    assert "5 000 FCFA ont été comptés dans C2" in ailleurs.erreur_de("fonds")
    assert ouvrir(caissiere, demande, fonds="61 000").statut == 422
    assert ouvrir(caissiere, demande, fonds="50 000").statut == 302


def test_the_till_she_held_last_is_proposed_with_its_own_float(guichet: Guichet, caissiere: Personne) -> None:
    fermer_session_caisse(session_caisse_id=guichet.session.id, compte=Decimal(50_000), acteur=guichet.caissiere)
    c2 = caisse_neuve(guichet)
    session = ouvrir_session_caisse(caisse_id=c2.id, fonds=Decimal(7000), acteur=guichet.caissiere)
    fermer_session_caisse(session_caisse_id=session.id, compte=Decimal(7000), acteur=guichet.caissiere)
    page = caissiere.ouvrir("caisse:session").formulaire(id="ouverture")
    assert (page["caisse"], page["fonds"]) == (str(c2.pk), "7\u202f000")
    # Another till chosen without a script: its float is not the first one's, and that is asked.
    demande = ouvrir(caissiere, caissiere.ouvrir("caisse:session"), caisse=str(guichet.caisse.pk))
    assert "50 000 FCFA ont été comptés dans C1" in demande.erreur_de("fonds")
    # Taken by somebody else meanwhile: the first free one.
    autre = make_acteur(guichet.tenant, "caissier")
    ouvrir_session_caisse(caisse_id=c2.id, fonds=Decimal(7000), acteur=autre)
    page = caissiere.ouvrir("caisse:session").formulaire(id="ouverture")
    assert (page["caisse"], page["fonds"]) == (str(guichet.caisse.pk), "50\u202f000")


@pytest.mark.parametrize(("saisi", "attendu"), [("50\u202f000", "0"), ("12 345", "12 345"), ("", "")])
def test_the_float_follows_the_till_until_another_was_typed(
    guichet: Guichet, caissiere: Personne, fermee: Page, saisi: str, attendu: str
) -> None:
    neuve = str(caisse_neuve(guichet).pk)
    demande = {"caisse": neuve, "fonds": saisi, "propose": "50\u202f000"}
    reponse = Page(
        caissiere.client.get(caissiere.adresse("caisse:session"), demande, headers={"HX-Request": "true"})
    ).formulaire(id="ouverture")
    assert (reponse["caisse"], reponse["fonds"], reponse["propose"]) == (neuve, attendu, "0")


def test_a_float_that_nobody_can_mean_is_refused_however_often(caissiere: Personne, fermee: Page) -> None:
    page = fermee
    for _fois in range(3):
        page = ouvrir(caissiere, page, fonds="1 000 000 000 000")
        assert page.statut == 422
        assert "trop grand" in page.erreur_de("fonds")


@pytest.mark.parametrize(
    ("fonds", "devise", "inhabituel"),
    [("1000000", "XAF", False), ("1000001", "XAF", True), ("10000", "EUR", False), ("10000.01", "EUR", True)],
)
def test_unlikely_is_more_than_a_million_francs(fonds: str, devise: str, inhabituel: bool) -> None:
    assert fonds_inhabituel(Decimal(fonds), devise) is inhabituel


# The quantity ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bouton", ["encaisser", "attente"])
def test_an_unlikely_quantity_is_asked_twice(caissiere: Personne, poste: Page, bouton: str) -> None:
    page = caissiere.presser(poste, "recalculer", lignes_0_quantite="1 001")
    demande = caissiere.presser(page, bouton)
    assert demande.statut == 422
    assert f"1 001, {BEAUCOUP}" in " ".join(demande.erreur_de("lignes-0-quantite").split())
    assert not FactureCaisse.objects.exists()
    assert caissiere.presser(demande, bouton).statut == 302
    assert LigneFactureCaisse.objects.get().quantite == 1001


def test_each_line_is_asked_about_and_a_confirmed_one_stays_so(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "ajouter:LB-NFS")
    page = caissiere.presser(page, "recalculer", lignes_0_quantite="2 000", lignes_1_quantite="1 000")
    demande = caissiere.presser(page, "encaisser")
    assert [cible for cible, _mots in demande.resume] == ["#id_lignes-0-quantite"]
    autre = caissiere.presser(demande, "recalculer", lignes_1_quantite="3 000")
    demande = caissiere.presser(autre, "encaisser")
    assert [cible for cible, _mots in demande.resume] == ["#id_lignes-1-quantite"]
    assert caissiere.presser(demande, "encaisser").statut == 302


def test_a_quantity_that_nobody_can_mean_is_refused(caissiere: Personne, poste: Page) -> None:
    page = poste
    for _fois in range(2):
        page = caissiere.presser(page, "encaisser", lignes_0_quantite="100 001")
        assert page.statut == 422
        assert "trop grande : 100 000 au plus" in " ".join(page.erreur_de("lignes-0-quantite").split())


# A total of what can be read -------------------------------------------------------------------


@pytest.mark.parametrize("quantite", ["x", "", "-3", "0", "0,12345", "9 999 999"])
def test_a_line_that_cannot_be_read_gives_no_total(caissiere: Personne, poste: Page, quantite: str) -> None:
    for bouton in ("recalculer", "encaisser"):
        page = caissiere.presser(poste, bouton, lignes_0_quantite=quantite)
        assert "Le total se fera quand chaque ligne aura une quantité et un prix." in page.texte
        assert "À encaisser —" in page.texte
        assert "Total de 1 ligne —" in page.texte
        for nonsense in ("−", "Reste à payer", "À rendre", "Payé en trop"):
            assert nonsense not in page.texte


def test_nothing_is_collected_on_a_total_that_was_not_shown(caissiere: Personne, poste: Page) -> None:
    """The line is corrected and collected at once, without a script that would have shown the total between."""
    page = caissiere.presser(poste, "recalculer", lignes_0_quantite="x")
    page = caissiere.presser(page, "encaisser", lignes_0_quantite="1")
    assert "Le total est maintenant de 5 000 FCFA." in page.refus
    assert caissiere.presser(page, "encaisser").statut == 302


@pytest.mark.parametrize(
    ("montant", "dit"),
    [
        ("8 000", "Payé en trop : 3 000 FCFA"),
        ("5 000", "Reste à payer : 0 FCFA"),
        ("-8 000", "Reste à payer : 5 000 FCFA"),
    ],
)
def test_what_is_left_to_pay_is_never_below_zero(caissiere: Personne, poste: Page, montant: str, dit: str) -> None:
    page = caissiere.presser(poste, "recalculer", paiements_0_montant=montant)
    assert dit in page.texte
    assert "−" not in page.texte


def test_a_correction_asks_too(guichet: Guichet, caissiere: Personne, poste: Page, rejetee: Any) -> None:
    page = caissiere.ouvrir("caisse:corriger", rejetee.pk)
    demande = caissiere.presser(page, "soumettre", lignes_0_quantite="5 000")
    assert BEAUCOUP in demande.erreur_de("lignes-0-quantite")
    assert caissiere.presser(demande, "soumettre").statut == 302


@pytest.fixture
def rejetee(guichet: Guichet) -> FactureCaisse:
    """An invoice that the accountant sent back."""
    from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
    from apps.comptabilite.tests.caisse.factories import make_facture

    facture = make_facture(guichet, ("CONS-GEN", 1, 4000))
    rejeter_facture(facture_id=facture.id, commentaire="Prix à revoir", acteur=guichet.comptable)
    return facture
