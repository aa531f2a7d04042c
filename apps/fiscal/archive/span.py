"""What an archive covers: the links of a range of fiscal days, their closings, and what stood before them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.fiscal import crypto, tree
from apps.socle.scope import require_scope

# Days never go back along the chain, so that a range of days is a range of links.
_SPAN = """
select min(e.sequence_number), max(e.sequence_number), count(*),
  (select coalesce(max(b.sequence_number), 0) from fiscal_fiscalentry b where b.tenant_id = %(tenant)s and b.fiscal_date < %(since)s)
from fiscal_fiscalentry e
where e.tenant_id = %(tenant)s and e.fiscal_date between %(since)s and %(until)s
"""
_BEFORE = """
select e.chain_hash, to_char(e.fiscal_date, 'YYYY-MM-DD') from fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number = %s
"""
# Closings stand in the order of their own links, which are made in the same transaction.
_CLOSINGS = """
from fiscal_fiscalclosing c
join fiscal_fiscalentry e on e.tenant_id = c.tenant_id and e.entity_type = 'fiscal.FiscalClosing' and e.entity_id = c.id
where c.tenant_id = %s
"""
_ROWS = f"""
select e.sequence_number, c.data_canonical, c.data_hash, c.previous_closing_hash, c.closing_hash, c.signature, c.key_id,
  c.algorithm {_CLOSINGS} and e.sequence_number between %s and %s order by e.sequence_number
"""
_SEALS = f"select e.sequence_number {_CLOSINGS} and c.closing_type = 'daily' and c.closing_date = %s"
_LATEST = f"select c.closing_hash {_CLOSINGS} and e.sequence_number < %s order by e.sequence_number desc limit 1"
_LATEST_DAY = f"""
select to_char(c.closing_date, 'YYYY-MM-DD'), c.perpetual_totals {_CLOSINGS} and c.closing_type = 'daily'
  and e.sequence_number < %s order by e.sequence_number desc limit 1
"""


@dataclass(frozen=True)
class Span:
    """Fiscal days, both included, and the links that were made on them; without any, `first` is one more than `last`."""

    since: date
    until: date
    first: int
    last: int
    count: int

    def as_json(self) -> dict[str, Any]:
        """How the manifest says it."""
        return {
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "first_sequence": self.first,
            "last_sequence": self.last,
            "count": self.count,
        }


@dataclass(frozen=True)
class ClosingRow:
    """A closing as it is archived; `own_sequence` is the link that announces it."""

    own_sequence: int
    data_canonical: bytes
    data_hash: str
    previous_closing_hash: str
    closing_hash: str
    signature: bytes
    key_id: str
    algorithm: str


def _one(statement: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def span_of(since: date, until: date) -> Span:
    """Return the links of the tenant in scope that were made on these fiscal days."""
    first, last, count, before = _one(_SPAN, {"tenant": require_scope(), "since": since, "until": until})
    return Span(since, until, first or before + 1, last or before, count)


def checkpoint(span: Span) -> dict[str, Any]:
    """Return what a verifier needs of all that stands before the range: hashes, tree, running totals."""
    tenant_id = require_scope()
    place = _one(_BEFORE, [tenant_id, span.first - 1]) or (crypto.genesis_hash(tenant_id), None)
    closing = _one(_LATEST, [tenant_id, span.first]) or (crypto.closing_genesis_hash(tenant_id),)
    sealed_until, perpetual = _one(_LATEST_DAY, [tenant_id, span.first]) or (None, {})
    return {
        "first_sequence": span.first,
        "previous_hash": place[0],
        "previous_fiscal_date": place[1],
        "merkle_size": span.first - 1,
        "merkle_frontier": tree.grown(0, span.first - 1).as_hex(),
        "previous_closing_hash": closing[0],
        "sealed_until": sealed_until,
        "perpetual_totals": _parsed(perpetual),
    }


def _parsed(content: Any) -> Any:
    """Django leaves jsonb as text on a cursor of its own."""
    return json.loads(content) if isinstance(content, str) else content


def announced_until(span: Span) -> int:
    """Return the last link whose closing is archived: that of the closing which seals the last day, or the last one."""
    sealed = _one(_SEALS, [require_scope(), span.until])
    return max(span.last, sealed[0] if sealed else 0)


def closings_of(span: Span) -> Iterator[ClosingRow]:
    """Yield, in their own order, the closings announced in the range, and on to the one that seals its last day."""
    tenant_id = require_scope()
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, [tenant_id, span.first, announced_until(span)])
        while rows := cursor.fetchmany(500):
            for own, canonical, hashed, previous, closed, signature, key_id, algorithm in rows:
                yield ClosingRow(own, bytes(canonical), hashed, previous, closed, bytes(signature), key_id, algorithm)
