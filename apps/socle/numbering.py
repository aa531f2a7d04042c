"""Numbers without gaps: `QUIT-2026-00001`."""

from __future__ import annotations

from django.db import connection

from apps.socle.fields import uuid7
from apps.socle.scope import require_scope


def next_number(*, kind: str, year: int, width: int = 5) -> str:
    """Take the next number of `kind` in `year` for the tenant in scope.

    Inside the issuing transaction, so that a rollback gives it back; one statement, so that two
    writers queue on the row and neither skips nor doubles.
    """
    return f"{kind}-{year}-{next_value(kind=kind, year=year):0{width}d}"


def next_value(*, kind: str, year: int = 0) -> int:
    """Take the next integer of `kind`; `year` 0 is a sequence that never starts again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into socle_counter as c (id, tenant_id, kind, year, last) values (%s, %s, %s, %s, 1)"
            " on conflict (tenant_id, kind, year) do update set last = c.last + 1 returning last",
            [uuid7(), require_scope(), kind, year],
        )
        return int(cursor.fetchone()[0])
