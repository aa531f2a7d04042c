"""The check in PostgreSQL and the rounding in Python know the same currencies."""

from __future__ import annotations

from babel.core import get_global

from apps.socle.money import decimals
from apps.socle.precision import NO_DECIMALS, THREE_DECIMALS


def test_the_currencies_of_the_check_are_those_of_money():
    periods = (period for periods in get_global("territory_currencies").values() for period in periods)
    in_use = {currency for currency, _start, end, tender in periods if end is None and tender}
    assert {c for c in in_use if decimals(c) == 0} == set(NO_DECIMALS)
    assert {c for c in in_use if decimals(c) == 3} == set(THREE_DECIMALS)
    assert {decimals(c) for c in in_use} == {0, 2, 3}
