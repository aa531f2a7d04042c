"""How the verifier reads closings: plain SQL, in text that no setting changes, each with the link that announces it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from apps.fiscal import stored_links

BATCH = 200

# Every column in the words of what was signed. Closings come in the order of their own links; a closing without
# one comes last, and one with two comes twice.
_CLOSINGS = """
select jsonb_build_object(
    'version', 1, 'id', c.id, 'tenant_id', c.tenant_id, 'closing_type', c.closing_type,
    'closing_date', to_char(c.closing_date, 'YYYY-MM-DD'), 'period_start', to_char(c.period_start, 'YYYY-MM-DD'),
    'first_sequence', c.first_sequence, 'last_sequence', c.last_sequence, 'entries_count', c.entries_count,
    'head_hash', c.head_hash, 'totals', c.totals, 'perpetual_totals', c.perpetual_totals,
    'opening_balance', trim_scale(c.opening_balance)::text, 'closing_balance', trim_scale(c.closing_balance)::text,
    'currency', c.currency, 'total_operations', c.total_operations, 'merkle_root', c.merkle_root,
    'merkle_frontier', c.merkle_frontier, 'unfinished', c.unfinished, 'previous_closing_hash', c.previous_closing_hash,
    'key_id', c.key_id, 'algorithm', c.algorithm, 'status', c.status, 'fec_export_path', c.fec_export_path,
    'actor_type', c.actor_type, 'actor_id', c.actor_id, 'actor_label', c.actor_label, 'environment', c.environment,
    'closed_at', to_char(c.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text,
  c.created_at is not distinct from c.closed_at, c.closing_type, to_char(c.closing_date, 'YYYY-MM-DD'),
  c.data_canonical, c.data_hash, c.previous_closing_hash, c.closing_hash, c.signature, c.key_id, c.algorithm,
  e.sequence_number, (e.data_snapshot->'document')::text
from fiscal_fiscalclosing c
left join fiscal_fiscalentry e on e.tenant_id = c.tenant_id and e.entity_type = 'fiscal.FiscalClosing' and e.entity_id = c.id
where c.tenant_id = %s
order by e.sequence_number nulls last, c.closed_at, c.id
"""
_ORPHANS = """
select e.sequence_number, e.entity_number from fiscal_fiscalentry e
where e.tenant_id = %s and e.entity_type = 'fiscal.FiscalClosing'
  and not exists (select from fiscal_fiscalclosing c where c.tenant_id = e.tenant_id and c.id = e.entity_id)
order by e.sequence_number limit 100
"""
_DAYS = """
select e.sequence_number, to_char(e.fiscal_date, 'YYYY-MM-DD'), e.chain_hash from fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number = any(%s)
"""
_SEALED = "select to_char(s.sealed_until, 'YYYY-MM-DD') from fiscal_fiscalsequence s where s.tenant_id = %s"


class StoredClosing(NamedTuple):
    """A closing as it is stored; `own_number` and `announced` are its link's number and document, None without one."""

    columns: str | None
    born_closed: bool
    closing_type: str | None
    closing_date: str | None
    data_canonical: bytes | None
    data_hash: str | None
    previous_closing_hash: str | None
    closing_hash: str | None
    signature: bytes | None
    key_id: str | None
    algorithm: str | None
    own_number: int | None
    announced: str | None

    @property
    def name(self) -> str:
        """What people call it, as far as its columns tell."""
        cut = {"monthly": 7, "yearly": 4}.get(self.closing_type or "", 10)
        return f"CLO-{(self.closing_date or '?')[:cut]}"


def read_closings(tenant_id: UUID) -> Iterator[StoredClosing]:
    """Yield every closing of the tenant in scope. Needs an open transaction."""
    with stored_links.connection.connection.cursor(name="closings") as cursor:
        cursor.execute(_CLOSINGS, [tenant_id])
        while rows := cursor.fetchmany(BATCH):
            yield from map(StoredClosing._make, rows)


def announced_in_vain(tenant_id: UUID) -> list[tuple[int, str]]:
    """Return (number, document) of the links that announce a closing which is not there; the first hundred."""
    with stored_links.connection.cursor() as cursor:
        cursor.execute(_ORPHANS, [tenant_id])
        return cursor.fetchall()


def days_of(tenant_id: UUID, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return (fiscal day, chain hash) of these links, by their numbers."""
    with stored_links.connection.cursor() as cursor:
        cursor.execute(_DAYS, [tenant_id, list(numbers)])
        return {number: (day or "", chain_hash or "") for number, day, chain_hash in cursor.fetchall()}


def sealed_until(tenant_id: UUID) -> str | None:
    """Return the last sealed day as the head's row says it."""
    with stored_links.connection.cursor() as cursor:
        cursor.execute(_SEALED, [tenant_id])
        row = cursor.fetchone()
    return row[0] if row else None
