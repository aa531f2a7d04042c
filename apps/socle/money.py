"""Amounts: how many decimals a currency has, how it is rounded, split and written.

Sources: ISO 4217 through CLDR (Babel) for decimals; rounding half away from zero, the
commercial rule that the OHADA uniform act leaves to usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

NARROW_NO_BREAK_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
# Wide enough that a product of two columns of 20 digits is exact: Python's 28 digits are not.
WIDE = Context(prec=60)
LIMIT = Decimal(10) ** 16  # numeric(20,4)
LARGEST = Decimal(999_999_999_999)  # that anybody means, whatever the currency; more is a slip of the hand
NAMES = {"XAF": "FCFA", "XOF": "FCFA", "EUR": "€", "USD": "$"}


class UnknownCurrency(ValueError):
    """The code is not a currency of ISO 4217."""


@cache
def decimals(currency: str) -> int:
    """Return the number of decimals of `currency`: 0 for XAF and XOF, 2 for EUR.

    Raises UnknownCurrency.
    """
    if currency not in get_global("all_currencies"):
        raise UnknownCurrency(currency)
    return get_currency_precision(currency)


def currencies_by_decimals() -> dict[int, list[str]]:
    """Return the currencies of ISO 4217 by number of decimals, sorted; two decimals, the usual number, left out."""
    found: dict[int, list[str]] = {}
    for code in sorted(get_global("all_currencies")):
        if decimals(code) != 2:
            found.setdefault(decimals(code), []).append(code)
    return found


def quantum(currency: str) -> Decimal:
    """Return the smallest amount of `currency`: 1 FCFA, 0.01 EUR."""
    return Decimal(1).scaleb(-decimals(currency))


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` rounded to what `currency` can pay, half away from zero."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP, context=WIDE)


def is_exact(amount: Decimal, currency: str) -> bool:
    """Tell whether `amount` can be paid in `currency` as it stands, and kept in `numeric(20,4)`."""
    return amount.is_finite() and abs(amount) < LIMIT and quantize(amount, currency) == amount


def split(total: Decimal, weights: Sequence[Decimal], currency: str, remainder_to: int = -1) -> list[Decimal]:
    """Share `total` in proportion to `weights`; the parts always sum to `total`.

    What rounding leaves goes to the part numbered `remainder_to`, which the caller names.
    Raises ValueError when there are no weights, one is negative or all are zero, and when
    `total` cannot be paid in `currency`.
    """
    if not weights or any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("weights must be positive, and at least one above zero")
    if not is_exact(total, currency):
        raise ValueError(f"{total} cannot be paid in {currency}")
    with localcontext(WIDE):
        whole = sum(weights)
        parts = [(total * weight / whole).quantize(quantum(currency), rounding=ROUND_DOWN) for weight in weights]
        parts[remainder_to] += total - sum(parts)
    return parts


def format_amount(amount: Decimal, currency: str, unit: bool = True) -> str:
    """Return `12 500 FCFA`: U+202F between thousands, U+00A0 before the unit, U+2212 for minus.

    An amount finer than its currency (a unit price) keeps its decimals; nothing is rounded away.
    """
    places = decimals(currency)
    if not is_exact(amount, currency):
        places = max(places, -int(amount.normalize().as_tuple().exponent))
    text = f"{abs(amount):,.{places}f}".replace(",", NARROW_NO_BREAK_SPACE).replace(".", ",")
    sign = MINUS if amount < 0 else ""
    return f"{sign}{text}{NO_BREAK_SPACE}{NAMES.get(currency, currency)}" if unit else f"{sign}{text}"


def finest(currency: str) -> str:
    """Return the sentence that refuses an amount finer than `currency`."""
    places, unit = decimals(currency), NAMES.get(currency, currency)
    if not places:
        return _("Un montant en %s s’écrit sans centimes.") % unit
    return _("Un montant en %(devise)s s’écrit avec %(nombre)d décimales au plus.") % {"devise": unit, "nombre": places}


def plain(amount: Decimal) -> str:
    """Return `amount` as a snapshot keeps it: no exponent, no trailing zeros, `12500` or `0.5`."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
