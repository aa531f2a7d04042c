"""How the verifier reads what is stored: plain SQL, streamed, in text that no setting changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.fiscal.verification import StoredLink

BATCH = 2000
LOWEST = -(2**63)
"""Below every number: a link that was moved under 1 must be read too."""

_HEAD = """
select s.last_sequence_number, s.head_hash, to_char(s.last_fiscal_date, 'YYYY-MM-DD'), t.last
from (select max(sequence_number) as last from fiscal_fiscalentry where tenant_id = %s) t
left join fiscal_fiscalsequence s on s.tenant_id = %s
"""
# Days and moments are spelled by explicit formats in UTC: no setting of the server or of the
# session (DateStyle, TimeZone, lc_time) changes what is compared.
_LINKS = """
select e.id::text, e.tenant_id::text, e.fact_id::text, e.sequence_number, e.entry_type, e.entity_type,
  e.entity_id::text, e.entity_number, to_char(e.fiscal_date, 'YYYY-MM-DD'), e.legal_status, e.environment,
  e.actor_type, e.actor_id::text, e.key_id, e.algorithm,
  to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  e.metadata::text, e.data_snapshot::text, e.data_canonical, e.data_hash, e.previous_hash, e.chain_hash,
  e.signature, c.ip_address, c.ip_salt, c.user_agent, c.user_agent_salt
from fiscal_fiscalentry e
left join fiscal_fiscalcommitment c on c.tenant_id = e.tenant_id and c.entry_id = e.id
where e.tenant_id = %s and e.sequence_number between %s and %s
order by e.sequence_number, e.id
"""


@dataclass(frozen=True)
class StoredHead:
    """The registered head, and the number of the last link that is stored, read in one statement."""

    number: int | None
    chain_hash: str
    day: str
    last_stored: int

    @property
    def last(self) -> int:
        return max(self.number or 0, self.last_stored)


def read_head(tenant_id: UUID) -> StoredHead:
    """Return the head of the tenant in scope; its number is None where nothing is registered."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [tenant_id, tenant_id])
        number, chain_hash, day, last_stored = cursor.fetchone()
    return StoredHead(number, chain_hash or "", day or "", last_stored or 0)


def read_links(tenant_id: UUID, last: int, first: int = LOWEST) -> Iterator[list[StoredLink]]:
    """Yield the links numbered `first` to `last`, in order, in batches, through a cursor on the server.

    Needs an open transaction: outside, the server would first write the whole answer to its disk.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKS, [tenant_id, first, last])
        while rows := cursor.fetchmany(BATCH):
            yield [StoredLink._make(row) for row in rows]
