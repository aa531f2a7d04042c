"""Whether the kept totals are the sums of the lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.socle.scope import require_scope


@dataclass(frozen=True)
class EcartTotal:
    """A total that differs from its lines: what is kept, and what the lines add up to."""

    compte_id: UUID
    jour: date
    statut: str
    devise: str
    debit: Decimal
    credit: Decimal
    nombre: int
    debit_lignes: Decimal
    credit_lignes: Decimal
    nombre_lignes: int


def ecarts_totaux() -> list[EcartTotal]:
    """Recompute every total of the tenant in scope from its lines; return the differences, none when all is well."""
    require_scope()
    with connection.cursor() as cursor:
        cursor.execute("select * from comptabilite_ecarts_totaux()")
        return [EcartTotal(*ligne) for ligne in cursor.fetchall()]
