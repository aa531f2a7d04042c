"""What links come to: amounts by currency, tax rate and means of payment, by what each fact declares.

The chain knows no role of the apps above: a declaration says which measure each of its roles adds to
(`FactDeclaration.totals`). Everything is Decimal inside and strings in the stored JSON:

    {currency: {"invoiced", "credited", "rounded", "taxed": {rate: {"base", "tax"}}, "collected": {means: amount}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from apps.fiscal.canonical import amount_text

ZERO = Decimal(0)


class Measure(StrEnum):
    """What a role of a fact may add to."""

    INVOICED = "invoiced"
    """Turnover, tax included."""
    CREDITED = "credited"
    """What credit notes take back, tax included."""
    BASE = "base"
    """What is taxed, without tax, at the rate of its criterion `taxe` (none: 0)."""
    TAX = "tax"
    """The tax at that rate."""
    ROUNDING_GAIN = "rounding_gain"
    ROUNDING_LOSS = "rounding_loss"
    COLLECTED = "collected"
    """Takings, by the criterion `moyen`."""


class Totals:
    """Sums, in the currencies that were met. Equal when every sum is."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        """Begin at nothing, or at what `as_json` made."""
        self._sums: dict[tuple[str, ...], Decimal] = {}
        for currency, content in (stored or {}).items():
            self._sums |= {(currency, *path): Decimal(text) for path, text in _leaves(content)}

    def add_line(self, currency: str, measure: str, criteria: Mapping[str, str], amount: Decimal) -> None:
        """Add a line of a fact, or the sum of many that are alike. `measure` is what the declaration says of its role."""
        path, sign = _path(Measure(measure), criteria)
        self._add((currency, *path), sign * amount)

    def add(self, other: Totals) -> None:
        """Add every sum of `other`."""
        for path, amount in other._sums.items():
            self._add(path, amount)

    def turnover(self, currency: str) -> Decimal:
        """Return what was invoiced less what was credited, tax included, in `currency`."""
        return self._sums.get((currency, "invoiced"), ZERO) - self._sums.get((currency, "credited"), ZERO)

    def as_json(self) -> dict[str, Any]:
        """Return what is stored; a currency that was met has all its keys, the others are left out."""
        found: dict[str, Any] = {}
        for currency in {path[0] for path in self._sums}:
            found[currency] = {"invoiced": "0", "credited": "0", "rounded": "0", "taxed": {}, "collected": {}}
        for (currency, *path), amount in self._sums.items():
            place = found[currency]
            for step in path[:-1]:
                place = place.setdefault(
                    step, {"base": "0", "tax": "0"} if path[0] == "taxed" and step != "taxed" else {}
                )
            place[path[-1]] = amount_text(amount)
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Totals) and self.as_json() == other.as_json()

    __hash__ = None  # type: ignore[assignment]

    def _add(self, path: tuple[str, ...], amount: Decimal) -> None:
        self._sums[path] = self._sums.get(path, ZERO) + amount


def _leaves(content: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from (((key, *path), text) for path, text in _leaves(value))
        else:
            yield (key,), value


def _path(measure: Measure, criteria: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    """Return where a line adds to, under its currency, and with which sign."""
    if measure in {Measure.BASE, Measure.TAX}:
        return ("taxed", criteria.get("taxe") or "0", str(measure)), 1
    if measure is Measure.COLLECTED:
        return ("collected", criteria.get("moyen") or ""), 1
    if measure in {Measure.ROUNDING_GAIN, Measure.ROUNDING_LOSS}:
        return ("rounded",), 1 if measure is Measure.ROUNDING_GAIN else -1
    return (str(measure),), 1
