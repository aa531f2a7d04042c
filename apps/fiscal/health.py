"""What monitoring reads of all chains at once: a word, and no tenant's name."""

from __future__ import annotations

from datetime import timedelta

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


def chains_state() -> str:
    """Return `ok`, `en défaut` (a failed verification waits for an answer) or `en retard` (a chain not verified for LATE)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select broken, late from fiscal_chains_state(%s)", [LATE])
        broken, late = cursor.fetchone()
    return "en défaut" if broken else "en retard" if late else "ok"
