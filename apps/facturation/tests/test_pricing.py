"""From prices at the till to an invoice: what is paid is never changed by a tax, only told apart."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.facturation.choices import ROUNDING
from apps.facturation.pricing import LineToIssue, TaxRate, cash_rounding, price_invoice
from apps.socle.money import is_exact, quantize

EXEMPT = TaxRate(Decimal(0), "Exonéré de TVA, CGI art. 128")
TAXED = TaxRate(Decimal("19.25"))
RATES = {"SOIN": EXEMPT, "PHARMACIE": EXEMPT, "AUTRE": TAXED, "REPAS": TaxRate(Decimal(10))}
STEPS = st.sampled_from([Decimal(0), Decimal(5), Decimal(25), Decimal(100)])

lines = st.lists(
    st.builds(
        LineToIssue,
        category=st.sampled_from(sorted(RATES)),
        code=st.just("X"),
        description=st.just("Acte"),
        quantity=st.decimals("0.0001", 500, places=4),
        unit_price=st.one_of(
            st.integers(0, 3).map(Decimal), st.integers(0, 2_000_000).map(Decimal), st.decimals(0, 9999, places=4)
        ),
    ),
    min_size=1,
    max_size=12,
)
currencies = st.sampled_from(["XAF", "EUR", "TND"])


def line(price: str | int, quantity: str | int = 1, category: str = "SOIN") -> LineToIssue:
    return LineToIssue(category, "X", "Acte", Decimal(quantity), Decimal(price))


@given(lines, currencies)
def test_without_cash_rounding_the_total_is_what_the_paper_asks(sold, currency):
    priced = price_invoice(sold, RATES, currency)
    assert priced.total_ttc == sum(quantize(s.quantity * s.unit_price, currency) for s in sold)
    assert [p.total_ttc for p in priced.lines] == [quantize(s.quantity * s.unit_price, currency) for s in sold]


@given(lines, currencies, STEPS)
def test_every_amount_is_payable_and_every_line_adds_up(sold, currency, step):
    for priced in price_invoice(sold, RATES, currency, step).lines:
        assert priced.total_ttc == priced.total_ht + priced.tax_amount
        assert all(is_exact(a, currency) for a in (priced.total_ht, priced.tax_amount, priced.total_ttc))
        assert priced.is_rounding or 0 <= priced.tax_amount <= priced.total_ttc
        assert bool(priced.tax_rate) != bool(priced.exemption)


@given(lines, currencies, STEPS)
def test_the_tax_of_a_rate_is_rounded_once_whatever_the_number_of_lines(sold, currency, step):
    priced = price_invoice(sold, RATES, currency, step)
    for rate in {p.tax_rate for p in priced.lines}:
        of_rate = [p for p in priced.lines if p.tax_rate == rate and not p.is_rounding]
        total = sum(p.total_ttc for p in of_rate)
        assert sum(p.total_ht for p in of_rate) == quantize(total * 100 / (100 + rate), currency)


@given(lines, currencies)
def test_the_order_of_the_lines_changes_no_total(sold, currency):
    one, other = price_invoice(sold, RATES, currency), price_invoice(sold[::-1], RATES, currency)
    assert (one.total_ht, one.total_tax, one.total_ttc) == (other.total_ht, other.total_tax, other.total_ttc)


@given(lines, STEPS)
def test_cash_rounding_reaches_a_multiple_of_the_step_by_the_shortest_way(sold, step):
    plain, rounded = price_invoice(sold, RATES, "XAF"), price_invoice(sold, RATES, "XAF", step)
    assert rounded.rounding == rounded.total_ttc - plain.total_ttc
    assert (rounded.total_ttc == 0) == (plain.total_ttc == 0)
    assert rounded.total_ht >= 0
    assert rounded.total_tax == plain.total_tax
    if step:
        assert rounded.total_ttc % step == 0
        assert abs(rounded.rounding) <= (step / 2 if plain.total_ttc >= step else step)


@pytest.mark.parametrize(
    ("total", "step", "added"),
    [(11501, 5, -1), (11502, 5, -2), (11503, 5, 2), (11500, 5, 0), (0, 5, 0), (2, 5, 3), (13, 25, 12), (9, 0, 0)],
)
def test_cash_rounding_examples(total, step, added):
    assert cash_rounding(Decimal(total), Decimal(step)) == added


def test_worked_example_a_health_booklet_at_500_francs():
    priced = price_invoice([line(5000), line(500, category="AUTRE")], RATES, "XAF")
    booklet = priced.lines[1]
    assert (booklet.total_ht, booklet.tax_amount, booklet.total_ttc) == (419, 81, 500)
    assert (priced.total_ht, priced.total_tax, priced.total_ttc) == (5419, 81, 5500)


def test_a_hundred_lines_of_one_franc_share_one_tax_without_a_negative_line():
    priced = price_invoice([line(1, category="AUTRE")] * 100, RATES, "XAF")
    assert priced.total_tax == 16
    assert {p.tax_amount for p in priced.lines} == {Decimal(0), Decimal(1)}


def test_the_rounding_has_the_last_line_and_a_reason():
    last = price_invoice([line(5001)], RATES, "XAF", Decimal(5)).lines[-1]
    assert (last.position, last.category, last.total_ttc, last.total_ht) == (2, ROUNDING, -1, -1)
    assert "Arrondi" in last.exemption


def test_a_category_without_a_rate_is_not_guessed():
    with pytest.raises(KeyError):
        price_invoice([line(1, category="INCONNU")], RATES, "XAF")


def test_large_amounts_lose_no_franc():
    priced = price_invoice([line("123456789012.3456", "9999.9999"), line(1, category="AUTRE")], RATES, "EUR")
    assert [p.total_ttc for p in priced.lines] == [Decimal("1234567877777777.10"), 1]
    assert priced.total_ttc == Decimal("1234567877777778.10")
