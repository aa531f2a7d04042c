"""What closings add up, and that every fact's declaration speaks in measures that they know."""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fiscal.canonical import canonical_bytes
from apps.fiscal.totals import Measure, Totals
from apps.socle.facts import FactDeclaration, declarations

AMOUNTS = st.decimals(min_value=0, max_value=10**15, places=2)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["XAF", "EUR"]),
        st.sampled_from(list(Measure)),
        st.fixed_dictionaries({"taxe": st.sampled_from(["", "0", "19.25"]), "moyen": st.sampled_from(["", "CARTE"])}),
        AMOUNTS,
    ),
    max_size=12,
)


def summed(lines: list[tuple[str, Measure, dict[str, str], Decimal]]) -> Totals:
    totals = Totals()
    for currency, measure, criteria, amount in lines:
        totals.add_line(currency, str(measure), criteria, amount)
    return totals


def test_each_measure_has_its_place() -> None:
    totals = summed(
        [
            ("XAF", Measure.INVOICED, {}, Decimal(11_925)),
            ("XAF", Measure.CREDITED, {}, Decimal(925)),
            ("XAF", Measure.BASE, {"taxe": "19.25"}, Decimal(10_000)),
            ("XAF", Measure.TAX, {"taxe": "19.25"}, Decimal(1925)),
            ("XAF", Measure.BASE, {}, Decimal(500)),
            ("XAF", Measure.ROUNDING_GAIN, {}, Decimal(2)),
            ("XAF", Measure.ROUNDING_LOSS, {}, Decimal(5)),
            ("XAF", Measure.COLLECTED, {"moyen": "CARTE"}, Decimal(7000)),
            ("EUR", Measure.COLLECTED, {"moyen": "CARTE"}, Decimal("0.50")),
        ]
    )
    assert totals.as_json() == {
        "XAF": {
            "invoiced": "11925",
            "credited": "925",
            "rounded": "-3",
            "taxed": {"19.25": {"base": "10000", "tax": "1925"}, "0": {"base": "500", "tax": "0"}},
            "collected": {"CARTE": "7000"},
        },
        "EUR": {"invoiced": "0", "credited": "0", "rounded": "0", "taxed": {}, "collected": {"CARTE": "0.5"}},
    }
    assert (totals.turnover("XAF"), totals.turnover("EUR"), totals.turnover("USD")) == (11_000, 0, 0)


@given(LINES, LINES)
def test_the_sum_of_what_is_stored_is_what_is_stored_of_the_sum(
    first: list[tuple[str, Measure, dict[str, str], Decimal]],
    second: list[tuple[str, Measure, dict[str, str], Decimal]],
) -> None:
    """A day added to the perpetual totals, a month made of its days: nothing is lost on the way through JSON."""
    stored = Totals(summed(first).as_json())
    stored.add(Totals(summed(second).as_json()))
    assert stored.as_json() == summed(first + second).as_json()
    assert stored == summed([*second, *first])
    canonical_bytes(stored.as_json())


def test_nothing_is_nothing() -> None:
    assert Totals().as_json() == {} == Totals({}).as_json()
    assert Totals() != Totals({"XAF": {"invoiced": "1"}})


def test_a_measure_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="gifts"):
        Totals().add_line("XAF", "gifts", {}, Decimal(1))


@pytest.mark.parametrize("declaration", declarations(), ids=attrgetter("type"))
def test_a_declaration_names_its_own_roles_and_known_measures(declaration: FactDeclaration) -> None:
    assert set(declaration.totals) <= set(declaration.roles)
    assert set(declaration.totals.values()) <= set(Measure)
