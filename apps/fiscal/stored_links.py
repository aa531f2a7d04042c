"""How the verifier reads what is stored: plain SQL, streamed, in text that no setting changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import psycopg
from django.db import connection

from apps.fiscal.verification import Place, StoredLink

BATCH = 2000
HASH_BATCH = 100
"""Rows of bytes looked at together: small enough to stay in the processor's cache (5,000 took a third longer)."""
LOWEST = -(2**63)
"""Below every number: a link that was moved under 1 must be read too."""

_HEAD = """
select s.last_sequence_number, s.head_hash, to_char(s.last_fiscal_date, 'YYYY-MM-DD'), t.last
from (select max(sequence_number) as last from fiscal_fiscalentry where tenant_id = %s) t
left join fiscal_fiscalsequence s on s.tenant_id = %s
"""
# Days and moments are spelled by explicit formats in UTC: no setting of the server or of the
# session (DateStyle, TimeZone, lc_time) changes what is compared.
_ANCHORS = """
select sequence_number, chain_hash, line, anchor_type, status, coalesce(anchor_reference, '')
from fiscal_fiscalanchor where tenant_id = %s order by created_at, id
"""
_CLOSINGS = "select closing_hash from fiscal_fiscalclosing where tenant_id = %s and closing_hash = any(%s)"
_HASHES_AT = """
select sequence_number, chain_hash from fiscal_fiscalentry where tenant_id = %s and sequence_number = any(%s)
"""
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

_PLACE = """
select e.chain_hash, to_char(e.fiscal_date, 'YYYY-MM-DD') from public.fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number = %s order by e.id desc limit 1
"""
_HASHES = """
select e.sequence_number, e.data_canonical, e.previous_hash, e.data_hash, e.chain_hash
from public.fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s
order by e.sequence_number, e.id
"""
_NEXT = """
select min(e.sequence_number) from public.fiscal_fiscalentry e where e.tenant_id = %s and e.sequence_number between %s and %s
"""
_SIGNATURES = """
select e.chain_hash, e.key_id, e.signature from public.fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s
"""
# Everything that is no hash and no signature, for many links at once: how many there are, how many of
# them do not hold, and the last day. `said` is what was signed; texts of jsonb tell 1 from 1.0.
_CONTENT = r"""
select count(*), count(*) filter (where holds is not true), to_char(max(fiscal_date), 'YYYY-MM-DD')
from (
  select e.fiscal_date, (
    (e.number_before is null or e.sequence_number = e.number_before + 1)
    and e.algorithm = %(algorithm)s
    and e.said::text = e.data_snapshot::text
    and (e.said->'metadata')::text = e.metadata::text
    and e.said @> jsonb_build_object(
      'version', 1, 'id', e.id, 'tenant_id', e.tenant_id, 'fact_id', e.fact_id, 'sequence_number', e.sequence_number,
      'entry_type', e.entry_type, 'entity_type', e.entity_type, 'entity_id', e.entity_id,
      'entity_number', e.entity_number, 'fiscal_date', to_char(e.fiscal_date, 'YYYY-MM-DD'),
      'created_at', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'legal_status', e.legal_status, 'environment', e.environment, 'actor_type', e.actor_type,
      'actor_id', e.actor_id, 'key_id', e.key_id, 'algorithm', e.algorithm)
    and (e.ip_address is null and e.ip_salt is null or octet_length(e.ip_salt) = 32
      and e.said->>'ip_commitment' = encode(sha256('cauris/commitment/v1\000ip_address\000'::bytea
        || e.ip_salt || convert_to(e.ip_address, 'UTF8')), 'hex'))
    and (e.user_agent is null and e.user_agent_salt is null or octet_length(e.user_agent_salt) = 32
      and e.said->>'user_agent_commitment' = encode(sha256('cauris/commitment/v1\000user_agent\000'::bytea
        || e.user_agent_salt || convert_to(e.user_agent, 'UTF8')), 'hex'))
    and (e.day_before is null or e.fiscal_date >= e.day_before)
    and (abs(e.fiscal_date - (e.created_at at time zone 'UTC')::date) <= 1
      or coalesce(e.fiscal_date = e.day_before, false) or coalesce(e.fiscal_date = e.sealed + 1, false))
    and (e.sealed is null or e.fiscal_date > e.sealed)
  ) as holds
  from (
    select e.*, c.ip_address, c.ip_salt, c.user_agent, c.user_agent_salt,
      convert_from(e.data_canonical, 'UTF8')::jsonb as said, lag(e.sequence_number) over in_order as number_before,
      coalesce(lag(e.fiscal_date) over in_order, %(day)s::date) as day_before,
      case when e.entry_type = 'closing' and e.data_snapshot#>>'{document,closing_type}' = 'daily'
        then (e.data_snapshot#>>'{document,closing_date}')::date end as sealed
    from public.fiscal_fiscalentry e
    left join public.fiscal_fiscalcommitment c on c.tenant_id = e.tenant_id and c.entry_id = e.id
    where e.tenant_id = %(tenant)s and e.sequence_number between %(first)s and %(last)s
    window in_order as (order by e.sequence_number, e.id)
  ) e
) links
"""


@dataclass(frozen=True)
class Content:
    """What a set of links said at first sight: how many they are, how many disagree with themselves, the last day."""

    links: int
    doubtful: int
    last_day: str


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


def read_place(tenant_id: UUID, number: int) -> Place | None:
    """Return where the chain stands behind link `number` as it is stored; None where there is no such link."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [tenant_id, number])
        row = cursor.fetchone()
    return None if row is None else Place(number, row[0] or "", row[1] or "")


@contextmanager
def _as_stored() -> Iterator[psycopg.Connection]:
    """Read with the server's own functions only: whoever may create functions may not shadow them.

    What fails inside (bytes that are no JSON) leaves the transaction as it was.
    """
    raw: psycopg.Connection = connection.connection
    with raw.transaction(force_rollback=True):
        raw.execute("set local search_path = pg_catalog, pg_temp")
        yield raw


def read_hashes(tenant_id: UUID, first: int, last: int) -> Iterator[list[tuple[int, bytes, str, str, str]]]:
    """Yield (number, signed bytes, previous, data and chain hash) of the links `first` to `last`, in order, in batches.

    Streamed: the server reads on while what came is hashed here, and nothing is kept. Until the last
    batch is taken, or the generator closed, nothing else can be asked of the connection.
    """
    with connection.connection.cursor() as cursor:
        rows = []
        for row in cursor.stream(_HASHES, [tenant_id, first, last], binary=True, size=HASH_BATCH):
            rows.append(row)
            if len(rows) == HASH_BATCH:
                yield rows
                rows = []
        if rows:
            yield rows


def next_number(tenant_id: UUID, first: int, last: int) -> int | None:
    """Return the lowest number from `first` to `last` that a link bears; None where none does."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [tenant_id, first, last])
        return cursor.fetchone()[0]


def read_signatures(tenant_id: UUID, first: int, last: int) -> list[tuple[str, str, bytes]]:
    """Return (chain_hash, key_id, signature) of the links numbered `first` to `last`, in no order."""
    with connection.connection.cursor(name="signatures", binary=True) as cursor:
        return cursor.execute(_SIGNATURES, [tenant_id, first, last]).fetchall()


def read_content(tenant_id: UUID, first: int, last: int, day: str, algorithm: str) -> Content | None:
    """Compare, in the database, columns, snapshots, commitments and days of links with what was signed.

    `day` is that of the link before, empty where there is none. None where the database could not:
    bytes that are no JSON, a day that is none.
    """
    values = {"tenant": tenant_id, "first": first, "last": last, "day": day or None, "algorithm": algorithm}
    try:
        with _as_stored() as raw:
            row = raw.execute(_CONTENT, values).fetchone()
    except psycopg.DatabaseError:
        return None
    return Content(row[0], row[1], row[2] or "") if row else None


def read_chain_hashes(tenant_id: UUID, numbers: list[int]) -> dict[int, str]:
    """Return the stored chain hashes of the links `numbers` of the tenant in scope; one that is not stored is left out."""
    with connection.cursor() as cursor:
        cursor.execute(_HASHES_AT, [tenant_id, numbers])
        return dict(cursor.fetchall())


class StoredAnchor(NamedTuple):
    """A head that the database says to have written outside."""

    sequence_number: int
    chain_hash: str
    line: str
    anchor_type: str
    status: str
    anchor_reference: str


def read_anchors(tenant_id: UUID) -> list[StoredAnchor]:
    """Return the registered anchors of the tenant in scope, oldest first: some hundreds a year."""
    with connection.cursor() as cursor:
        cursor.execute(_ANCHORS, [tenant_id])
        return [StoredAnchor._make(row) for row in cursor.fetchall()]


def read_closing_hashes(tenant_id: UUID, hashes: list[str]) -> set[str]:
    """Return those of `hashes` that are closings of the tenant in scope."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSINGS, [tenant_id, hashes])
        return {row[0] for row in cursor.fetchall()}
