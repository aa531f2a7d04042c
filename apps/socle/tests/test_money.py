"""Amounts: decimals of a currency, one rounding, splits that sum, and how a figure is written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.socle.money import (
    LIMIT,
    UnknownCurrency,
    decimals,
    format_amount,
    is_exact,
    plain,
    quantize,
    quantum,
    split,
)

CURRENCIES = st.sampled_from(["XAF", "XOF", "EUR", "USD", "NGN", "JPY", "TND"])
AMOUNTS = st.decimals(min_value=-LIMIT + 1, max_value=LIMIT - 1, places=4)


@st.composite
def splits(draw):
    """Return (total, weights, currency, index of the part that takes the remainder)."""
    currency = draw(CURRENCIES)
    total = quantize(draw(st.decimals(min_value=0, max_value=10**15, places=4)), currency)
    weights = draw(st.lists(st.decimals(min_value=0, max_value=10**15, places=4), min_size=1, max_size=12))
    weights[0] += Decimal("0.0001")
    return total, weights, currency, draw(st.integers(0, len(weights) - 1))


@pytest.mark.parametrize(
    ("currency", "places"), [("XAF", 0), ("XOF", 0), ("EUR", 2), ("USD", 2), ("TND", 3), ("JPY", 0)]
)
def test_decimals_of_a_currency(currency, places):
    assert decimals(currency) == places
    assert quantum(currency) == Decimal(1).scaleb(-places)


@pytest.mark.parametrize("code", ["", "xaf", "FCFA", "ZZZ"])
def test_a_code_that_is_no_currency_is_refused(code):
    with pytest.raises(UnknownCurrency):
        decimals(code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.5", "XAF", "1"),
        ("1.5", "XAF", "2"),
        ("2.5", "XAF", "3"),
        ("-2.5", "XAF", "-3"),
        ("2.4999", "XAF", "2"),
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
    ],
)
def test_rounding_is_half_away_from_zero(amount, currency, rounded):
    assert quantize(Decimal(amount), currency) == Decimal(rounded)


@given(AMOUNTS, CURRENCIES)
def test_rounding_twice_is_rounding_once(amount, currency):
    once = quantize(amount, currency)
    assert quantize(once, currency) == once
    assert is_exact(once, currency) or abs(once) >= LIMIT
    assert abs(once - amount) <= quantum(currency) / 2


@given(AMOUNTS, CURRENCIES)
def test_rounding_is_the_same_on_both_sides_of_zero(amount, currency):
    assert quantize(-amount, currency) == -quantize(amount, currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1E+16", "-1E+16", "1E+40", "0.5", "12500.01"])
def test_what_the_franc_cannot_pay_or_the_column_cannot_hold_is_not_exact(amount):
    assert not is_exact(Decimal(amount), "XAF")


@given(splits())
@example((Decimal("9999999999999999"), [Decimal("0.3333333333333333"), Decimal("0.6666666666666667")], "XAF", 0))
@example((Decimal(1), [Decimal(1), Decimal(1), Decimal(1)], "XAF", 2))
def test_parts_sum_to_the_whole(case):
    total, weights, currency, remainder_to = case
    parts = split(total, weights, currency, remainder_to)
    assert len(parts) == len(weights)
    assert sum(parts) == total
    assert all(is_exact(part, currency) and part >= 0 for part in parts)


# With Python's 28 digits the first share rounds up to 759496548776376, a franc that the second would miss.
@example((Decimal(999999999999989), [Decimal("759496548776384.3515"), Decimal("240503451223615.6446")], "XAF", 1))
@given(splits())
def test_only_the_named_part_takes_the_remainder(case):
    """Each other part is its exact share rounded down; the named one takes less than one unit a part beyond its own."""
    total, weights, currency, remainder_to = case
    parts = split(total, weights, currency, remainder_to)
    whole = sum(map(Fraction, weights))
    for index, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        missing = Fraction(total) * Fraction(weight) / whole - Fraction(part)
        if index == remainder_to:
            assert -len(parts) * quantum(currency) < missing <= 0
        else:
            assert 0 <= missing < quantum(currency)


def test_a_split_names_who_takes_the_remainder():
    third = [Decimal(1)] * 3
    assert split(Decimal(100), third, "XAF") == [33, 33, 34]
    assert split(Decimal(100), third, "XAF", remainder_to=0) == [34, 33, 33]
    assert split(Decimal("0.05"), third, "EUR", remainder_to=1) == [Decimal("0.01"), Decimal("0.03"), Decimal("0.01")]


@pytest.mark.parametrize(
    ("total", "weights"),
    [("100", []), ("100", ["0", "0"]), ("100", ["2", "-1"]), ("100.5", ["1"]), ("NaN", ["1"]), ("1E+16", ["1"])],
)
def test_a_split_that_cannot_be_paid_is_refused(total, weights):
    with pytest.raises(ValueError):
        split(Decimal(total), [Decimal(w) for w in weights], "XAF")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12500", "XAF", "12\u202f500\u00a0FCFA"),
        ("12500.0000", "XAF", "12\u202f500\u00a0FCFA"),
        ("0", "XAF", "0\u00a0FCFA"),
        ("-0", "XAF", "0\u00a0FCFA"),
        ("-1234567", "XOF", "\u22121\u202f234\u202f567\u00a0FCFA"),
        ("1234.5", "EUR", "1\u202f234,50\u00a0€"),
        ("12.125", "XAF", "12,125\u00a0FCFA"),
        ("1E+3", "XAF", "1\u202f000\u00a0FCFA"),
        ("1000", "TND", "1\u202f000,000\u00a0TND"),
    ],
)
def test_how_an_amount_is_written(amount, currency, text):
    assert format_amount(Decimal(amount), currency) == text
    assert format_amount(Decimal(amount), currency, unit=False) == text.partition("\u00a0")[0]


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_can_be_read_back(amount, currency):
    text = format_amount(amount, currency, unit=False)
    assert Decimal(text.replace("\u202f", "").replace("\u2212", "-").replace(",", ".")) == amount


@given(AMOUNTS)
def test_a_snapshot_keeps_the_value_in_one_spelling(amount):
    text = plain(amount)
    assert Decimal(text) == amount
    assert "E" not in text
    assert plain(Decimal(text)) == text
    assert plain(amount.normalize()) == text
