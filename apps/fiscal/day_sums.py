"""What links come to, day by day, added up in the database: reading every document here would take ten times as long.

Only links that were verified are added up: their snapshots say what was signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.fiscal.totals import Totals
from apps.socle.facts import FactDeclaration, declarations

_LINES = """
select e.fiscal_date, e.data_snapshot#>>'{fact,type}', e.data_snapshot#>>'{fact,currency}', l.value->>'role',
  coalesce(l.value#>>'{criteria,taxe}', ''), coalesce(l.value#>>'{criteria,moyen}', ''), sum((l.value->>'amount')::numeric)
from fiscal_fiscalentry e, jsonb_array_elements(e.data_snapshot#>'{fact,lines}') l
where e.tenant_id = %s and e.sequence_number between %s and %s
group by 1, 2, 3, 4, 5, 6
"""
_OPERATIONS = """
select e.fiscal_date, e.data_snapshot#>>'{fact,type}', count(*)
from fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s
  and exists (select from jsonb_array_elements(e.data_snapshot#>'{fact,lines}') l where (l.value->>'amount')::numeric <> 0)
group by 1, 2
"""
_LEAVES = """
select e.fiscal_date, e.sequence_number, e.chain_hash from fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s order by e.sequence_number
"""


@dataclass
class Sums:
    """What the links of one day come to; `operations` are those whose fact moves money."""

    operations: int = 0
    totals: Totals = field(default_factory=Totals)


def sums_by_day(tenant_id: UUID, first: int, last: int) -> dict[date, Sums]:
    """Add up the links numbered `first` to `last`. A fact that no app declares any more adds to no total."""
    declared = {declaration.type: declaration for declaration in declarations()}
    found: dict[date, Sums] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [tenant_id, first, last])
        for day, kind, currency, role, rate, means, amount in cursor.fetchall():
            measure = _measures(declared, kind).get(role)
            if measure:
                sums = found.setdefault(day, Sums())
                sums.totals.add_line(currency, measure, {"taxe": rate, "moyen": means}, Decimal(amount))
        cursor.execute(_OPERATIONS, [tenant_id, first, last])
        for day, kind, number in cursor.fetchall():
            if kind not in declared or declared[kind].money:
                found.setdefault(day, Sums()).operations += number
    return found


def leaves(tenant_id: UUID, first: int, last: int) -> Iterator[tuple[date, int, str]]:
    """Return (fiscal day, number, chain hash) of the links numbered `first` to `last`, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVES, [tenant_id, first, last])
        return iter(cursor.fetchall())


def _measures(declared: Mapping[str, FactDeclaration], kind: str) -> Mapping[str, str]:
    return declared[kind].totals if kind in declared else {}
