"""The shipped chart, journals and rules hold together, and the README's counts are theirs."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from apps.comptabilite.grand_livre import plan
from apps.comptabilite.grand_livre.imputation import LigneDeFait, Regle, Sens, imputer
from apps.socle.facts import _role_words, role_label

TYPES = {"ACTIF", "PASSIF", "CHARGE", "PRODUIT", "MIXTE", "HORS_BILAN"}
TYPES_PAR_CLASSE = {
    "1": {"PASSIF", "MIXTE"},
    "2": {"ACTIF"},
    "3": {"ACTIF"},
    "4": {"ACTIF", "PASSIF", "MIXTE"},
    "5": {"ACTIF", "PASSIF", "MIXTE"},
    "6": {"CHARGE"},
    "7": {"PRODUIT"},
    "8": {"CHARGE", "PRODUIT", "MIXTE"},
    "9": {"HORS_BILAN"},
}
COMPTES = {compte.numero: compte for compte in plan.plan_syscohada()}
HOPITAL = {compte.numero: compte for compte in plan.plan_hopital()}


def _csv(nom: str) -> list[dict[str, str]]:
    with (plan.DATA / nom).open(encoding="utf-8", newline="") as fichier:
        return list(csv.DictReader(fichier))


def _sans_accents(texte: str) -> str:
    texte = texte.replace("œ", "oe").replace("Œ", "Oe")
    return unicodedata.normalize("NFKD", texte).encode("ascii", "ignore").decode()


def test_every_account_of_the_act_is_there_once() -> None:
    lignes = _csv("syscohada.csv")

    assert len(lignes) == 1482
    assert len({ligne["numero"] for ligne in lignes}) == 1482
    assert sum(ligne["imputable"] == "1" for ligne in lignes) == 1165
    assert [ligne["numero"] for ligne in lignes] == sorted(ligne["numero"] for ligne in lignes), "a parent comes first"


def test_the_hierarchy_holds() -> None:
    parents = {compte.parent for compte in COMPTES.values() if compte.parent}

    for compte in COMPTES.values():
        assert compte.classe == compte.numero[0]
        if compte.parent:
            assert compte.parent in COMPTES, compte.numero
            assert compte.numero.startswith(compte.parent)
            assert len(compte.parent) < len(compte.numero)
        else:
            assert len(compte.numero) == 1
        assert compte.imputable == (compte.numero not in parents), compte.numero


def test_the_displayed_number_is_apart_from_the_act_s() -> None:
    affiches = {ligne["numero"]: ligne["numero_affiche"] for ligne in _csv("syscohada.csv")}

    assert affiches["4111"] == "411100"
    assert affiches["47811"] == "478110"
    assert affiches["41"] == "41", "a heading is not padded: it is never posted to"
    imputables = [affiches[compte.numero] for compte in COMPTES.values() if compte.imputable]
    assert {len(affiche) for affiche in imputables} == {6}
    assert len(set(imputables)) == len(imputables)


@pytest.mark.parametrize("classe", sorted(TYPES_PAR_CLASSE))
def test_types_belong_to_their_class(classe: str) -> None:
    types = {compte.type_compte for compte in COMPTES.values() if compte.classe == classe}

    assert types <= TYPES_PAR_CLASSE[classe]


def test_a_heading_has_its_leaves_type_or_is_mixed() -> None:
    for compte in COMPTES.values():
        if compte.imputable:
            continue
        enfants = [autre for autre in COMPTES.values() if autre.parent == compte.numero]
        types = {enfant.type_compte for enfant in enfants}
        assert compte.type_compte == (types.pop() if len(types) == 1 else "MIXTE"), compte.numero


@pytest.mark.parametrize(
    ("numero", "type_compte", "sens"),
    [
        ("4111", "ACTIF", "DEBIT"),
        ("4191", "PASSIF", "CREDIT"),
        ("4211", "ACTIF", "DEBIT"),
        ("422", "PASSIF", "CREDIT"),
        ("4287", "ACTIF", "DEBIT"),
        ("4431", "PASSIF", "CREDIT"),
        ("4441", "PASSIF", "CREDIT"),
        ("4449", "ACTIF", "DEBIT"),
        ("4452", "ACTIF", "DEBIT"),
        ("441", "MIXTE", "MIXTE"),
        ("4711", "ACTIF", "DEBIT"),
        ("4731", "MIXTE", "MIXTE"),
        ("4911", "ACTIF", "CREDIT"),
        ("4991", "PASSIF", "CREDIT"),
        ("513", "ACTIF", "DEBIT"),
        ("5211", "MIXTE", "MIXTE"),
        ("5261", "PASSIF", "CREDIT"),
        ("5711", "ACTIF", "DEBIT"),
        ("585", "MIXTE", "MIXTE"),
        ("599", "PASSIF", "CREDIT"),
        ("2813", "ACTIF", "CREDIT"),
        ("129", "PASSIF", "DEBIT"),
        ("7061", "PRODUIT", "CREDIT"),
        ("7069", "PRODUIT", "DEBIT"),
        ("9011", "HORS_BILAN", "MIXTE"),
    ],
)
def test_types_that_were_reviewed(numero: str, type_compte: str, sens: str) -> None:
    assert (COMPTES[numero].type_compte, COMPTES[numero].sens_normal) == (type_compte, sens)


def test_no_word_is_spelt_with_and_without_its_accents() -> None:
    """The cleaning rule itself: a word that carries accents in one title carries them in all."""
    deux_mots = {"a", "avances", "du", "factures", "escomptes"}  # each is two words of French
    formes: dict[str, set[str]] = {}
    for compte in COMPTES.values():
        for mot in re.findall(r"[^\W\d_]+", compte.libelle):
            formes.setdefault(_sans_accents(mot).lower(), set()).add(mot.lower())

    assert {
        mot: sorted(variantes) for mot, variantes in formes.items() if len(variantes) > 1 and mot not in deux_mots
    } == {}


def test_titles_are_well_typed() -> None:
    for compte in COMPTES.values():
        libelle = compte.libelle
        assert libelle == " ".join(libelle.split()), compte.numero
        assert not re.search(r",\S|\S:|:\S|–|\bHAO\b|h\.a\.o|\bEtat\b|oeuvre", libelle), (compte.numero, libelle)
        assert libelle[0].isupper(), compte.numero
        assert not libelle.isupper() or len(libelle) < 5, compte.numero


def test_corrections_are_recorded_and_counted() -> None:
    corrections = _csv("corrections.csv")
    comptes = Counter(regle for ligne in corrections for regle in ligne["regle"].split("+"))
    readme = (plan.DATA / "README.md").read_text(encoding="utf-8")

    assert all(COMPTES[ligne["numero"]].libelle == ligne["apres"] != ligne["avant"] for ligne in corrections)
    assert f"{len(corrections)} titles" in readme
    for regle, nombre in comptes.items():
        assert re.search(rf"\| `{regle}` \| {nombre} \|", readme), regle
    for type_compte, nombre in Counter(compte.type_compte for compte in COMPTES.values()).items():
        assert re.search(rf"\| `{type_compte}` \| {nombre} \|", readme), type_compte


def test_a_doubled_account_is_kept_but_not_offered() -> None:
    inactifs = {compte.numero for compte in COMPTES.values() if not compte.actif}

    assert inactifs == {"4714", "4981", "4982", "4983", "6235", "6721", "872", "9034"}


def test_hospital_sub_accounts_stand_under_the_act_s() -> None:
    for ligne in _csv("comptes_hopital.csv"):
        assert ligne["numero"] not in COMPTES
        assert ligne["parent"] in COMPTES
        assert ligne["numero"].startswith(ligne["parent"])
        assert not HOPITAL[ligne["parent"]].imputable, "a parent with sub-accounts is a heading"
        assert HOPITAL[ligne["numero"]].imputable
    assert {"5521", "5522", "5523", "5524", "70611", "70612", "70613", "70614", "70111", "70781"} <= set(HOPITAL)
    assert HOPITAL["70613"].type_compte == "PRODUIT"
    assert HOPITAL["5521"].type_compte == "ACTIF"


def test_journals_and_their_counterparts() -> None:
    codes = [journal.code for journal in plan.journaux()]

    assert codes == ["VT", "CA", "BQ", "MM", "AC", "OD"]
    for journal in plan.journaux():
        assert not journal.compte_contrepartie or HOPITAL[journal.compte_contrepartie].imputable


def test_rules_name_accounts_that_can_be_posted_to() -> None:
    codes = {journal.code for journal in plan.journaux()}
    cles = [(r.type_fait, r.role, tuple(sorted(r.criteres.items()))) for r in plan.regles_hopital()]

    assert len(set(cles)) == len(cles), "two rules of one key"
    for regle in plan.regles_hopital():
        assert HOPITAL[regle.compte].imputable, regle
        assert HOPITAL[regle.compte].actif, regle
        assert regle.journal in codes
        assert regle.sens in {"DEBIT", "CREDIT"}


def test_every_role_of_the_rules_has_its_word() -> None:
    assert {regle.role for regle in plan.regles_hopital()} <= _role_words.keys()
    assert role_label("creance_reglee") == "créance réglée"
    assert role_label("part_patient") == "part patient", "an unnamed role is shown as it is written"


def _id(nom: str) -> UUID:
    return uuid5(NAMESPACE_OID, nom)


REGLES = [
    Regle(_id(repr(r)), r.type_fait, r.role, Sens(r.sens), _id(r.compte), _id(r.journal), r.criteres)
    for r in plan.regles_hopital()
]
JOUR = date(2026, 10, 1)


def _poste(type_fait: str, *lignes: tuple[str, str, dict[str, str]]) -> list[tuple[str, list[tuple[str, int, int]]]]:
    noms = {_id(nom): nom for nom in [*HOPITAL, *(journal.code for journal in plan.journaux())]}
    resultat = imputer(
        type_fait,
        JOUR,
        [LigneDeFait(role, Decimal(montant), criteres=criteres) for role, montant, criteres in lignes],
        REGLES,
    )
    assert resultat.manques == ()
    return [
        (
            noms[ecriture.journal],
            [(noms[ligne.compte], int(ligne.debit), int(ligne.credit)) for ligne in ecriture.lignes],
        )
        for ecriture in resultat.ecritures
    ]


def test_the_worked_sale() -> None:
    """Consultation 5,000, blood count 4,500, thick film 2,000: one entry in VT."""
    assert _poste(
        "invoice_issued",
        ("creance", "11500", {}),
        ("produit", "5000", {"type_recette": "CONSULTATION"}),
        ("produit", "4500", {"type_recette": "LABORATOIRE"}),
        ("produit", "2000", {"type_recette": "LABORATOIRE"}),
    ) == [("VT", [("4111", 11500, 0), ("70611", 0, 5000), ("70613", 0, 4500), ("70613", 0, 2000)])]


def test_one_entry_a_treasury_journal() -> None:
    especes = {"moyen": "ESPECES", "caisse": "C1"}
    mtn = {"moyen": "MOBILE", "operateur": "MTN", "caisse": "C1"}

    assert _poste(
        "quittance_emise",
        ("reglement", "10000", especes),
        ("creance_reglee", "10000", especes),
        ("reglement", "8000", mtn),
        ("creance_reglee", "8000", mtn),
    ) == [
        ("CA", [("5711", 10000, 0), ("4111", 0, 10000)]),
        ("MM", [("5521", 8000, 0), ("4111", 0, 8000)]),
    ]


@pytest.mark.parametrize(
    ("moyen", "compte", "journal"),
    [("CHEQUE", "513", "BQ"), ("VIREMENT", "5211", "BQ"), ("CARTE", "515", "BQ"), ("AVOIR", "4191", "OD")],
)
def test_other_means(moyen: str, compte: str, journal: str) -> None:
    criteres = {"moyen": moyen, "caisse": "C1"}

    assert _poste("quittance_emise", ("reglement", "700", criteres), ("creance_reglee", "700", criteres)) == [
        (journal, [(compte, 700, 0), ("4111", 0, 700)])
    ]


@pytest.mark.parametrize(
    ("type_fait", "roles", "attendu"),
    [
        ("fonds_de_caisse", ("fonds", "provenance"), [("5711", 50, 0), ("585", 0, 50)]),
        ("excedent_de_caisse", ("caisse", "ecart"), [("5711", 50, 0), ("7588", 0, 50)]),
        ("manquant_de_caisse", ("ecart", "caisse"), [("6588", 50, 0), ("5711", 0, 50)]),
    ],
)
def test_floats_and_differences_of_a_till(
    type_fait: str, roles: tuple[str, str], attendu: list[tuple[str, int, int]]
) -> None:
    assert _poste(type_fait, *((role, "50", {"caisse": "C1"}) for role in roles)) == [("CA", attendu)]


def test_a_taxed_line() -> None:
    assert _poste(
        "invoice_issued",
        ("creance", "11925", {}),
        ("produit", "10000", {"type_recette": "AUTRE"}),
        ("taxe", "1925", {"taxe": "19.25"}),
    ) == [("VT", [("4111", 11925, 0), ("70781", 0, 10000), ("4432", 0, 1925)])]
