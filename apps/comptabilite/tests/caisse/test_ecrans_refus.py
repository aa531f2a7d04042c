"""What the cashier's screen refuses: beside the field, the value kept, nothing written; and what a hostile hand sends."""

from __future__ import annotations

import itertools
import logging
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.comptabilite.caisse.carte import contient_numero_de_carte
from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet
from apps.hospital.models import Patient, Prestation, Session
from apps.hospital.services import enregistrer_patient
from apps.organisations.tests.factories import make_tiers
from apps.socle.models import AuditLog, AuditTrail, Counter, Fait, IdempotencyKey

ECRITES = (FactureCaisse, Quittance, Prestation, Session, IdempotencyKey, Fait, AuditTrail, Counter)
CARTE = "4970 1012 3456 7893"
"""A number that a network and Luhn's check both accept."""
CARTE_NUE = CARTE.replace(" ", "")


@pytest.fixture
def rien_ecrit(poste: Page):
    """Whatever the test sends, no table of the sale has one row more."""

    def compter() -> dict[str, Any]:
        lus: dict[str, Any] = {m.__name__: m.objects.count() for m in ECRITES if m is not Counter}
        return lus | {"compteurs": sorted(Counter.objects.values_list("kind", "year", "last"))}

    avant = compter()
    yield
    assert compter() == avant


def est_refusee(page: Page, champ: str, phrase: str, envoye: str | None = None) -> None:
    """The refusal stands beside its field and in the summary that leads there; the value is kept; focus goes there."""
    assert page.statut == 422
    assert phrase in page.erreur_de(champ)
    if envoye is not None:
        assert page.valeur(champ) == envoye
    assert f"#id_{champ}" in [cible for cible, _mots in page.resume]
    assert page.par_id("poste").get("data-focus") == page.resume[0][0].removeprefix("#")
    assert page.par_id(page.resume[0][0].removeprefix("#")).get("autofocus") is not None


@pytest.mark.usefixtures("rien_ecrit")
def test_without_a_patient_nothing_is_sold(caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser"), "ajouter:CONS-GEN")
    page = caissiere.presser(page, "encaisser", q="mbarga")
    assert page.statut == 422
    assert page.erreur_de("q") == "Choisissez le patient."
    assert page.valeur("q") == "mbarga"
    assert page.resume == [("#q", "Patient")]
    assert "Mbarga Nkoulou Solange" in page.texte  # found, offered, and not chosen for the cashier


@pytest.mark.usefixtures("rien_ecrit")
def test_without_a_line_nothing_is_sold(guichet: Guichet, caissiere: Personne) -> None:
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser", patient=guichet.patient.id), "encaisser")
    assert page.statut == 422
    assert page.erreur_de("ajout") == "Ajoutez au moins un acte ou un produit."


CHIFFRES_FAUX = (
    ("lignes-0-quantite", "0", "supérieure à zéro"),
    ("lignes-0-quantite", "-2", "supérieure à zéro"),
    ("lignes-0-quantite", "1e9", "Écrivez un nombre"),
    ("lignes-0-quantite", "deux", "Écrivez un nombre"),
    ("lignes-0-quantite", "0,12345", "Écrivez un nombre"),
    ("lignes-0-quantite", "0,1234", "trois décimales"),
    ("lignes-0-quantite", "", "obligatoire"),
    ("lignes-0-prix", "-1", "Un prix ne peut pas être négatif."),
    ("lignes-0-prix", "0,5", "Un montant en FCFA s’écrit sans centimes."),
    ("lignes-0-prix", "9999999999999999", "trop grand"),
    ("paiements-0-montant", "0", "supérieur à zéro"),
    ("paiements-0-montant", "-5000", "négatif"),
    ("paiements-0-montant", "12,5", "sans centimes"),
    ("paiements-0-montant", "=1+1", "Écrivez un nombre"),
    ("paiements-0-montant", "5 001", "dépasse de 1 FCFA"),
    ("paiements-0-recu", "4 999", "Il manque 1 FCFA."),
    ("paiements-0-recu", "beaucoup", "Écrivez un nombre"),
)


@pytest.mark.usefixtures("rien_ecrit")
def test_a_wrong_figure_is_said_beside_it(caissiere: Personne, poste: Page) -> None:
    for champ, valeur, phrase in CHIFFRES_FAUX:
        page = caissiere.presser(poste, "encaisser", **{champ: valeur, "vu": ""})
        est_refusee(page, champ, phrase, envoye=valeur)


@pytest.mark.usefixtures("rien_ecrit")
def test_figures_at_the_edge_are_drawn_and_refused(caissiere: Personne, poste: Page) -> None:
    enorme = {"lignes_0_quantite": "9999999999999999,9999", "lignes_0_prix": "9999999999999999,9999"}
    assert caissiere.presser(poste, "recalculer", **enorme).statut == 200
    assert caissiere.presser(poste, "encaisser", **enorme).statut == 422


@pytest.mark.usefixtures("rien_ecrit")
def test_all_that_is_wrong_is_said_at_once(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(caissiere.presser(poste, "ajouter:LB-GE"), "moyen:CHEQUE")
    page = caissiere.presser(page, "encaisser", lignes_0_quantite="x", lignes_1_prix="-1", paiements_1_montant="100")
    assert [cible for cible, _mots in page.resume] == [
        "#id_lignes-0-quantite", "#id_lignes-1-prix", "#id_paiements-1-reference", "#id_paiements-1-banque",
        "#id_paiements-1-titulaire", "#id_paiements-1-date",
    ]  # fmt: skip
    assert page.resume[0][1] == "Quantité (Consultation générale)"
    assert page.resume[2][1] == "Numéro du chèque (Chèque)"
    assert page.erreur_de("paiements-1-banque") == "Indiquez la banque."


REFERENCES_FAUSSES = (
    ("MOBILE", {"operateur": "MTN", "payeur": "677", "reference": ""}, "reference"),
    ("MOBILE", {"operateur": "", "payeur": "677", "reference": "R"}, "operateur"),
    ("MOBILE", {"operateur": "VISA", "payeur": "677", "reference": "R"}, "operateur"),
    ("MOBILE", {"operateur": "MTN", "payeur": "6" * 21, "reference": "R"}, "payeur"),
    ("CARTE", {"reference": "T", "carte": "12"}, "carte"),
    ("CHEQUE", {"reference": "1", "banque": "UBA", "titulaire": "L", "date": "31/02/2026"}, "date"),
    ("CHEQUE", {"reference": "1", "banque": "B" * 101, "titulaire": "L", "date": "01/10/2026"}, "banque"),
    ("VIREMENT", {"reference": "V" * 51, "banque": "UBA", "date": "01/10/2026"}, "reference"),
    ("VIREMENT", {"reference": "V", "banque": " ", "date": "01/10/2026"}, "banque"),
    ("VIREMENT", {"reference": "V", "banque": "UBA", "date": "01/01/0001"}, "date"),
)


@pytest.mark.usefixtures("rien_ecrit")
def test_a_wrong_reference_is_said_beside_it(caissiere: Personne, poste: Page) -> None:
    for moyen, champs, faux in REFERENCES_FAUSSES:
        page = caissiere.presser(poste, f"moyen:{moyen}")
        envoyes = {f"paiements_1_{nom}": valeur for nom, valeur in champs.items()}
        page = caissiere.presser(page, "encaisser", paiements_1_montant="1 000", **envoyes)
        assert page.statut == 422
        assert page.erreur_de(f"paiements-1-{faux}"), (moyen, champs)
        assert [cible for cible, _mots in page.resume] == [f"#id_paiements-1-{faux}"]
        garde = champs[faux] if faux != "operateur" else ""  # a choice that is none shows none
        assert page.valeur(f"paiements-1-{faux}").strip() == garde.strip()
        assert page.valeur("paiements-1-montant") == "1 000"


def test_a_reference_that_was_collected_is_said_beside_it(caissiere: Personne, poste: Page) -> None:
    mobile = {"montant": "1 000", "operateur": "MTN", "payeur": "677000001", "reference": "MT1"}
    page = caissiere.presser(caissiere.presser(poste, "moyen:MOBILE"), "moyen:MOBILE")
    envoi = {f"paiements_{rang}_{nom}": valeur for rang in (1, 2) for nom, valeur in mobile.items()}
    double = caissiere.presser(page, "encaisser", **envoi)
    assert [cible for cible, _mots in double.resume] == ["#id_paiements-2-reference"]
    assert caissiere.presser(page, "encaisser", **{**envoi, "paiements_2_reference": "MT2"}).statut == 302
    deja = caissiere.presser(page, "encaisser", **{**envoi, "paiements_2_reference": "MT4"}, cle_idempotence="autre")
    assert "déjà été encaissée" in deja.erreur_de("paiements-1-reference")


@pytest.mark.usefixtures("rien_ecrit")
def test_an_unknown_code_is_said(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "ajouter:NULLE-PART")
    assert "Ce code n’a pas de tarif" in page.texte
    refusee = caissiere.presser(page, "encaisser")
    assert refusee.statut == 422
    assert [mots for _cible, mots in refusee.resume] == ["Code (NULLE-PART)"]


@pytest.mark.usefixtures("rien_ecrit")
def test_more_lines_than_a_paper_bears_are_refused_not_dropped(caissiere: Personne, poste: Page) -> None:
    lignes = {f"lignes-{rang}-{nom}": v for rang in range(201) for nom, v in (("code", "LB-GE"), ("quantite", "1"))}
    page = caissiere.presser(poste, "encaisser", **lignes, vu="")
    assert page.erreur_de("ajout") == "Une facture porte au plus 200 lignes."


# Full card numbers -------------------------------------------------------------------------------------


@pytest.fixture
def journaux(caplog: pytest.LogCaptureFixture):
    """All that is logged while the test runs."""
    caplog.set_level(logging.DEBUG)
    return caplog


def nulle_part(journaux: pytest.LogCaptureFixture, *pages: Page) -> None:
    """The number is in no page, no log and no row of the whole database."""
    for page in pages:
        assert CARTE not in page.html
        assert CARTE_NUE not in page.html
    assert CARTE_NUE not in journaux.text.replace(" ", "")
    with connection.cursor() as curseur:
        curseur.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
        for (table,) in curseur.fetchall():
            curseur.execute(
                f"select count(*) from \"{table}\" t where replace(t::text, ' ', '') like %s", [f"%{CARTE_NUE}%"]
            )
            assert curseur.fetchone() == (0,), table


CHAMPS_LIBRES = (
    "paiements-1-carte",
    "paiements-1-reference",
    "paiements-1-terminal",
    "ajout",
    "q",
    "lignes-0-quantite",
    "patient",
)


@pytest.mark.usefixtures("rien_ecrit")
def test_a_full_card_number_is_refused_and_stays_nowhere(
    caissiere: Personne, poste: Page, journaux: pytest.LogCaptureFixture
) -> None:
    page = caissiere.presser(poste, "moyen:CARTE")
    bons = {"paiements-1-montant": "1 000", "paiements-1-reference": "T1", "paiements-1-carte": "0973"}
    pages = []
    for champ in CHAMPS_LIBRES:
        for numero in (CARTE, f"carte {CARTE_NUE} de Paul"):
            for faire in ("recalculer", "encaisser", "attente"):
                pages.append(caissiere.presser(page, faire, **{**bons, champ: numero}))
                assert pages[-1].statut == 422, (champ, faire)
                assert "quatre derniers chiffres" in pages[-1].refus
    nulle_part(journaux, *pages)
    assert AuditLog.objects.filter(status_code=422).count() == len(pages)


@pytest.mark.usefixtures("rien_ecrit")
def test_a_mistyped_card_number_is_not_shown_again_either(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "moyen:CARTE")
    refusee = caissiere.presser(
        page, "encaisser", paiements_1_montant="1 000", paiements_1_reference="T1", paiements_1_carte="4970101234567"
    )
    assert "quatre derniers chiffres" in refusee.erreur_de("paiements-1-carte")
    assert refusee.valeur("paiements-1-carte") == ""


def test_a_patient_whose_key_has_the_digits_of_a_card_is_served(guichet: Guichet, caissiere: Personne) -> None:
    """One key in 7,000 has: its patient could not be charged at all."""
    cle = "019a2b3c-4111-7111-8111-0008deadbeef"
    assert contient_numero_de_carte(cle)
    tiers = make_tiers(guichet.tenant, code="D-9")
    Patient.objects.create(id=cle, tiers=tiers, numero="D-9", nom="Abena", cle_recherche="abena")
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser", patient=cle), "ajouter:CONS-GEN")
    assert (page.statut, page.valeur("patient")) == (200, cle)
    assert caissiere.presser(page, "encaisser", paiements_0_recu="5 000").statut == 302


# A hostile hand -----------------------------------------------------------------------------------------

HOSTILES = (
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "x" * 10_000,
    "a\x00b",
    "'; drop table x; --",
    "\u202e\ud7ff",
    "{{ 7*7 }}",
)


CHAMPS = (
    "q", "ajout", "patient", "motif", "vu", "cle_idempotence", "lignes-0-code", "lignes-0-quantite", "paiements-0-montant",
    "paiements-0-recu", "paiements-0-calcule", "paiements-0-moyen", "paiements-0-banque",
)  # fmt: skip
BOUTONS = ("encaisser", "attente", "recalculer", "ajouter:{}", "moyen:{}", "retirer-ligne:{}", "patient:{}", "{}")


@pytest.mark.usefixtures("rien_ecrit")
def test_whatever_is_sent_is_drawn_as_text(caissiere: Personne, poste: Page) -> None:
    adresse, bon = (
        caissiere.adresse("caisse:encaisser"),
        {**poste.formulaire(), "lignes-1-code": "LB-GE", "lignes-1-quantite": "0"},
    )
    for rang, (champ, valeur) in enumerate(itertools.product(CHAMPS, HOSTILES)):
        faire = BOUTONS[rang % len(BOUTONS)].format(valeur)
        page = Page(caissiere.client.post(adresse, {**bon, "faire": faire, champ: valeur}))
        assert page.statut in {200, 422}, (champ, valeur[:40], faire[:40])
        assert "<script>alert" not in page.html


def test_a_formula_and_a_script_in_a_name_are_text_on_every_page(guichet: Guichet, caissiere: Personne) -> None:
    patient = enregistrer_patient(
        nom="=cmd|' /C calc'!A0", prenom="<script>alert(1)</script>", acteur=guichet.caissiere
    )
    page = caissiere.presser(caissiere.ouvrir("caisse:encaisser", patient=patient.id), "ajouter:CONS-GEN")
    fini = caissiere.presser(page, "encaisser")
    pages = [
        page,
        caissiere.suivre(fini),
        caissiere.ouvrir("caisse:quittances"),
        caissiere.ouvrir("caisse:factures", etat="payees"),
    ]
    for vue in pages:
        assert "<script>alert" not in vue.html
        assert "&lt;script&gt;alert(1)" in vue.html
    contenu = b"".join(caissiere.client.get(caissiere.adresse("caisse:exporter_quittances"))).decode()
    assert "'=cmd" in contenu


def test_a_reason_of_ten_thousand_characters_is_refused_not_a_failure(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "encaisser", motif="x" * 10_000)
    assert page.statut in {302, 422}


def test_an_amount_may_be_as_large_as_the_house_keeps(caissiere: Personne, poste: Page) -> None:
    page = caissiere.presser(poste, "attente", lignes_0_prix="999999999999", vu="")
    assert page.statut == 302
    facture = FactureCaisse.objects.get()
    assert facture.montant == Decimal(999_999_999_999)
    assert "999 999 999 999 FCFA" in caissiere.ouvrir("caisse:facture", facture.id).texte


def test_another_person_s_key_is_not_one_s_own(guichet: Guichet, caissiere: Personne, poste: Page) -> None:
    from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
    from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
    from apps.organisations.tests.factories import make_acteur

    caissiere.presser(poste, "encaisser")
    autre = make_acteur(guichet.tenant, "caissier")
    seconde = creer_caisse(code="C2", libelle="Caisse C2", acteur=guichet.comptable)
    ouvrir_session_caisse(caisse_id=seconde.id, fonds=Decimal(0), acteur=autre)
    page = Personne(guichet.tenant, autre).envoyer(
        "caisse:encaisser", donnees={**poste.formulaire(), "faire": "encaisser"}
    )
    assert page.statut == 302
    assert Quittance.objects.count() == 2
