"""The sale being composed: what the buttons do to it, and what follows by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.comptabilite.caisse.views.composition import Composition, compter_monnaie, sommes_rondes
from apps.socle.screens.amounts import read_amount, write_amount

MONTANTS = st.integers(min_value=0, max_value=10**12).map(Decimal)


def paiement(moyen: str, montant: str = "", calcule: str = "", recu: str = "") -> dict[str, str]:
    return {"moyen": moyen, "montant": montant, "calcule": calcule, "recu": recu}


@given(st.decimals(min_value=0, max_value=10**15, places=4, allow_nan=False))
def test_an_amount_is_read_as_it_is_written(amount):
    assert read_amount(write_amount(amount)) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12 500", 12500),
        ("12\u202f500", 12500),
        ("12\u00a0500", 12500),
        ("0,5", Decimal("0.5")),
        ("-3", -3),
        ("\u22123", -3),
    ],
)
def test_amounts_are_read_as_people_type_them(text, amount):
    assert read_amount(text) == amount


@pytest.mark.parametrize("text", ["", "abc", "12.345,67", "1e9", "NaN", "Infinity", "1 2 3,", "=1+1", "9" * 17, "١٢"])
def test_what_is_no_amount_is_none(text):
    assert read_amount(text) is None


def test_rows_are_read_by_position_and_numbered_again():
    donnees = QueryDict(
        "lignes-4-code=B&lignes-4-quantite=2&lignes-1-code=A&paiements-0-moyen=BITCOIN&lignes-x-code=C&lignes-9-quantite=1"
    )
    composition = Composition.lire(donnees)
    assert [ligne["code"] for ligne in composition.lignes] == ["A", "B"]
    assert composition.paiements == []
    assert composition.donnees()["lignes-1-quantite"] == "2"


def test_the_same_act_twice_is_one_line_of_two():
    composition = Composition()
    for _ in range(2):
        composition.ajouter_ligne("LAB")
    assert composition.lignes == [{"code": "LAB", "quantite": "2"}]


def test_a_line_with_its_own_price_is_not_merged():
    composition = Composition(lignes=[{"code": "LAB", "quantite": "1", "prix": "100"}])
    composition.ajouter_ligne("LAB")
    assert len(composition.lignes) == 2


@pytest.mark.parametrize("rang", ["7", "-1", "x", ""])
def test_removing_what_is_not_there_changes_nothing(rang):
    composition = Composition(lignes=[{"code": "A"}])
    composition.retirer(composition.lignes, rang)
    assert len(composition.lignes) == 1


def test_cash_pays_all_until_told_otherwise():
    composition = Composition()
    composition.repartir(Decimal(38_700))
    assert composition.paiements == [{"moyen": "ESPECES", "montant": "38\u202f700", "calcule": "38\u202f700"}]


def test_nothing_due_asks_for_no_payment():
    composition = Composition()
    composition.repartir(Decimal(0))
    assert composition.paiements == []


def test_cash_takes_what_the_other_means_leave():
    composition = Composition(paiements=[paiement("ESPECES", "38 700", "38 700"), paiement("MOBILE", "20 000")])
    composition.repartir(Decimal(38_700))
    assert [p["montant"] for p in composition.paiements] == ["18\u202f700", "20 000"]


def test_cash_that_nothing_is_left_for_goes_away():
    composition = Composition(paiements=[paiement("ESPECES", "500", "500"), paiement("CARTE", "500")])
    composition.repartir(Decimal(500))
    assert [p["moyen"] for p in composition.paiements] == ["CARTE"]


def test_an_amount_that_a_person_typed_stays():
    composition = Composition(paiements=[paiement("ESPECES", "10 000", "38 700")])
    composition.repartir(Decimal(38_700))
    assert composition.paiements[0]["montant"] == "10 000"
    assert compter_monnaie(composition, Decimal(38_700), "XAF").reste == 28_700


@given(du=MONTANTS, saisi=MONTANTS)
def test_the_follower_never_makes_the_payments_exceed_what_is_due(du, saisi):
    composition = Composition(paiements=[paiement("ESPECES"), paiement("MOBILE", write_amount(saisi))])
    composition.repartir(du)
    total = sum(read_amount(p["montant"]) or 0 for p in composition.paiements)
    assert total == max(du, saisi)


@pytest.mark.parametrize(
    ("recu", "rendu", "manque"), [("20 000", 1300, 0), ("18 700", 0, 0), ("18 000", 0, 700), ("", 0, 0)]
)
def test_change(recu, rendu, manque):
    composition = Composition(paiements=[paiement("ESPECES", "18 700", "18 700", recu)])
    monnaie = compter_monnaie(composition, Decimal(18_700), "XAF")
    assert (monnaie.rendu, monnaie.manque, monnaie.reste) == (rendu, manque, 0)


@given(MONTANTS)
def test_handy_sums_are_above_what_is_due_and_few(montant):
    rondes = sommes_rondes(montant, "XAF")
    assert len(rondes) <= 3
    assert all(ronde > montant for ronde in rondes)
    assert list(rondes) == sorted(set(rondes))


def test_no_row_goes_away_and_none_fills_under_the_hand():
    composition = Composition(paiements=[paiement("ESPECES", "500", "500"), paiement("MOBILE", "1000")])
    composition.repartir(Decimal(1000), en_saisie="paiements-1-montant")
    assert [p["montant"] for p in composition.paiements] == ["", "1000"]
    composition.repartir(Decimal(1000))  # the button was pressed
    assert [p["moyen"] for p in composition.paiements] == ["MOBILE"]
    vide = Composition(paiements=[paiement("MOBILE"), paiement("CARTE", "400")])
    vide.repartir(Decimal(1000), en_saisie="paiements-0-montant")
    assert vide.paiements[0]["montant"] == ""
    vide.repartir(Decimal(1000), en_saisie="paiements-1-montant")
    assert vide.paiements[0]["montant"] == "600"


def test_a_sale_has_one_row_of_cash():
    composition = Composition(paiements=[paiement("MOBILE", "1")])
    for _fois in range(2):
        composition.ajouter_paiement("ESPECES")
    assert [p["moyen"] for p in composition.paiements] == ["MOBILE", "ESPECES"]
    composition.ajouter_paiement("MOBILE")
    assert len(composition.paiements) == 3


def test_what_a_form_sends_comes_back_no_longer_than_the_page_s_own_fields():
    """A question of a million letters is not sent back whole with the screen."""
    long = "a" * 1_000_000
    composition = Composition.lire(
        QueryDict(
            f"q={long}&ajout={long}&motif={long}&lignes-0-code=A&lignes-0-prix={long}&paiements-0-moyen=ESPECES&paiements-0-recu={long}"
        )
    )
    for texte in (composition.q, composition.ajout, composition.motif, *composition.donnees().values()):
        assert len(texte) <= 500
