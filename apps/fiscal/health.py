"""What monitoring reads of all chains at once: a word, and no tenant's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

LATE = timedelta(hours=36)
"""A chain is verified each night; a night that was missed shows by noon of the next day."""

UNWRITTEN = timedelta(hours=1)
"""A head that waits is asked for every five minutes: after an hour its place needs a person."""


def anchors_state() -> str:
    """Return `ok`, or `en retard` when a head has waited for UNWRITTEN to be written outside."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select fiscal_anchors_late(%s)", [UNWRITTEN])
        return "en retard" if cursor.fetchone()[0] else "ok"


@dataclass(frozen=True)
class Chains:
    """All chains at once: how many have a failed verification without an answer, how many were not verified for LATE.

    `latest` is the end of the latest verification, of whichever chain; `oldest` that of the chain which has waited
    longest, None where one was never verified. Aware.
    """

    broken: int
    late: int
    latest: datetime | None
    oldest: datetime | None

    @property
    def word(self) -> str:
        """`ok`, `en défaut` (a failed verification waits for an answer) or `en retard` (a chain not verified for LATE)."""
        return "en défaut" if self.broken else "en retard" if self.late else "ok"


def chains() -> Chains:
    """Return the state of all chains; it leaves the scope as it found it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select broken, late, latest, oldest from fiscal_chains_state(%s)", [LATE])
        return Chains(*cursor.fetchone())


def chains_state() -> str:
    """Return the word of `chains`."""
    return chains().word
