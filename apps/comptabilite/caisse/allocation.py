"""Which invoice line each franc of a payment settles: in line order, and the result is stored.

Pure: no model, no database. Amounts are Decimal of one currency, already exact for it. The order of
the lines is the order of the paper; the order of the payments is the order in which they were given.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

P = TypeVar("P", bound=Hashable)
L = TypeVar("L", bound=Hashable)
ZERO = Decimal(0)


class AllocationImpossible(ValueError):
    """The amounts cannot be allocated: negative, or more paid than is due."""


@dataclass(frozen=True)
class Part(Generic[P, L]):
    """The share `montant` (> 0) of payment `paiement` that settles line `ligne`."""

    paiement: P
    ligne: L
    montant: Decimal


def allouer(paiements: Sequence[tuple[P, Decimal]], lignes: Sequence[tuple[L, Decimal]]) -> tuple[Part[P, L], ...]:
    """Share `paiements` (key, amount) over `lignes` (key, amount still due), both in their order.

    The parts of one payment sum to it exactly and no line receives more than it is due; a line or a
    payment of zero has no part. Raises AllocationImpossible when an amount is negative or when the
    payments exceed what the lines are due.
    """
    if any(montant < 0 for _, montant in (*paiements, *lignes)):
        raise AllocationImpossible("an amount is negative")
    verse = sum((montant for _, montant in paiements), ZERO)
    du = sum((reste for _, reste in lignes), ZERO)
    if verse > du:
        raise AllocationImpossible(f"{verse} is paid and {du} is due")
    return tuple(_parts(paiements, lignes))


def _parts(paiements: Sequence[tuple[P, Decimal]], lignes: Sequence[tuple[L, Decimal]]) -> Iterator[Part[P, L]]:
    position, reste_ligne = -1, ZERO
    for paiement, montant in paiements:
        while montant > 0:
            while reste_ligne == 0:
                position += 1
                reste_ligne = lignes[position][1]
            part = min(montant, reste_ligne)
            yield Part(paiement, lignes[position][0], part)
            montant -= part
            reste_ligne -= part
