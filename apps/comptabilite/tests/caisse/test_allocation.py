"""Payments on lines: exact sums, line order, nothing beyond what is due."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.comptabilite.caisse.allocation import AllocationImpossible, Part, allouer

D = Decimal
montants = st.lists(st.integers(0, 10**12).map(Decimal), max_size=12)


def test_cash_then_mobile_on_the_first_line() -> None:
    """Ultrasound 18 000 and CRP 6 000, paid 10 000 cash and 8 000 mobile: the first line is settled."""
    parts = allouer([("especes", D(10000)), ("mtn", D(8000))], [("echographie", D(18000)), ("crp", D(6000))])
    assert parts == (Part("especes", "echographie", D(10000)), Part("mtn", "echographie", D(8000)))


def test_one_payment_runs_over_several_lines_and_skips_a_free_one() -> None:
    parts = allouer([("p", D(7000))], [("a", D(5000)), ("gratuit", D(0)), ("b", D(3000))])
    assert parts == (Part("p", "a", D(5000)), Part("p", "b", D(2000)))


def test_nothing_paid_and_nothing_due() -> None:
    assert allouer([], []) == ()
    assert allouer([("p", D(0))], [("a", D(0))]) == ()


@pytest.mark.parametrize(
    ("paiements", "lignes"),
    [
        ([("p", D(2))], [("a", D(1))]),
        ([("p", D(-1))], [("a", D(1))]),
        ([("p", D(1))], [("a", D(2)), ("b", D(-1))]),
        ([("p", D(1))], []),
    ],
)
def test_too_much_or_negative_is_refused(
    paiements: list[tuple[str, Decimal]], lignes: list[tuple[str, Decimal]]
) -> None:
    with pytest.raises(AllocationImpossible):
        allouer(paiements, lignes)


@given(montants, montants)
def test_sums_are_exact_and_lines_fill_in_order(verses: list[Decimal], restes: list[Decimal]) -> None:
    paiements, lignes = list(enumerate(verses)), list(enumerate(restes))
    if sum(verses) > sum(restes):
        with pytest.raises(AllocationImpossible):
            allouer(paiements, lignes)
        return
    parts = allouer(paiements, lignes)
    par_paiement: dict[int, Decimal] = defaultdict(Decimal)
    par_ligne: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        assert part.montant > 0
        par_paiement[part.paiement] += part.montant
        par_ligne[part.ligne] += part.montant
    assert all(par_paiement[i] == montant for i, montant in paiements)
    assert all(par_ligne[i] <= reste for i, reste in lignes)
    ordre = [(part.paiement, part.ligne) for part in parts]
    assert ordre == sorted(ordre)
    assert sorted(part.ligne for part in parts) == [part.ligne for part in parts]
    touchees = [i for i, reste in lignes if reste and par_ligne[i]]
    assert all(par_ligne[i] == restes[i] for i in touchees[:-1]), "a line before the last touched one is not full"


@given(montants)
def test_split_into_two_visits_allocates_as_one(restes: list[Decimal]) -> None:
    """Paying the same total in two goes settles the same lines as paying it at once."""
    total = sum(restes, D(0))
    premiere = (total / 3).to_integral_value()
    lignes = list(enumerate(restes))
    en_une = _par_ligne(allouer([("x", total)], lignes))
    debut = _par_ligne(allouer([("x", premiere)], lignes))
    suite = _par_ligne(allouer([("x", total - premiere)], [(i, reste - debut.get(i, D(0))) for i, reste in lignes]))
    assert {i: debut.get(i, D(0)) + suite.get(i, D(0)) for i in {*debut, *suite}} == en_une


def _par_ligne(parts: tuple[Part[str, int], ...]) -> dict[int, Decimal]:
    cumul: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        cumul[part.ligne] += part.montant
    return dict(cumul)
