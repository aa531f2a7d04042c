"""Verify the whole chain of the tenant in scope, in bounded memory, writing nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.fiscal.keys import registered_keys
from apps.fiscal.verification import Anomaly, ChainReader, StoredLink
from apps.socle.scope import require_scope

BATCH = 2000
KEPT_ANOMALIES = 100

Progress = Callable[[int, int], None]

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
where e.tenant_id = %s and e.sequence_number <= %s
order by e.sequence_number, e.id
"""


@dataclass(frozen=True)
class Verification:
    """What a verification found: how far it went, and the first anomalies in order."""

    tenant_id: UUID
    entries: int
    head_sequence_number: int
    head_hash: str
    anomalies_found: int
    anomalies: tuple[Anomaly, ...]
    duration: float

    @property
    def holds(self) -> bool:
        return not self.anomalies_found

    @property
    def first(self) -> Anomaly | None:
        """The first broken link, or None where everything holds."""
        return self.anomalies[0] if self.anomalies else None


@dataclass
class _Findings:
    """Counts every anomaly, keeps the first ones: a chain broken everywhere must not fill memory."""

    total: int = 0
    kept: list[Anomaly] = field(default_factory=list)

    def add(self, anomaly: Anomaly) -> None:
        self.total += 1
        if len(self.kept) < KEPT_ANOMALIES:
            self.kept.append(anomaly)


@dataclass(frozen=True)
class _Head:
    """The registered head, and the last link that is stored, read in one statement."""

    number: int | None
    chain_hash: str
    day: str
    last_stored: int

    @property
    def last(self) -> int:
        return max(self.number or 0, self.last_stored)


def verify_chain(*, progress: Progress | None = None) -> Verification:
    """Verify the chain of the tenant in scope from its genesis to its head.

    Links added meanwhile are left for the next time. `progress` is called with (done, total).
    Raises ScopeMissing, and MasterSecretError when the master secret cannot be read: without it,
    a key that somebody replaced in the database would pass for the tenant's.
    """
    tenant_id, started = require_scope(), time.monotonic()
    findings = _Findings()
    with transaction.atomic():
        keys = _keys(tenant_id, findings)
        head = _head(tenant_id)
        reader = ChainReader(tenant_id, keys)
        for batch in _batches(tenant_id, head.last):
            for link in batch:
                for anomaly in reader.read(link):
                    findings.add(anomaly)
            if progress:
                progress(reader.count, head.last)
    for anomaly in _at_the_head(head, reader):
        findings.add(anomaly)
    return Verification(
        tenant_id=tenant_id,
        entries=reader.count,
        head_sequence_number=reader.last_number,
        head_hash=reader.head_hash,
        anomalies_found=findings.total,
        anomalies=tuple(findings.kept),
        duration=time.monotonic() - started,
    )


def _keys(tenant_id: UUID, findings: _Findings) -> dict[str, Ed25519PublicKey]:
    keys = {}
    for row, genuine in registered_keys(tenant_id):
        if genuine:
            keys[row.key_id] = Ed25519PublicKey.from_public_bytes(bytes(row.public_key))
        else:
            message = _("La clé publique « %s » n’est pas celle que le secret maître donne.") % row.key_id
            findings.add(Anomaly(0, "", "key-replaced", message))
    return keys


def _head(tenant_id: UUID) -> _Head:
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [tenant_id, tenant_id])
        number, chain_hash, day, last_stored = cursor.fetchone()
    return _Head(number, chain_hash or "", day or "", last_stored or 0)


def _batches(tenant_id: UUID, last: int) -> Iterator[list[StoredLink]]:
    """Yield the stored links in order through a cursor on the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKS, [tenant_id, last])
        while rows := cursor.fetchmany(BATCH):
            yield [StoredLink._make(row) for row in rows]


def _at_the_head(head: _Head, reader: ChainReader) -> Iterator[Anomaly]:
    if head.number is None:
        yield Anomaly(0, "", "head-missing", _("La tête de chaîne n’est plus enregistrée."))
    elif head.number > reader.last_number:
        message = _("Les maillons %(first)s à %(last)s manquent : la tête enregistrée va jusqu’au %(last)s.") % {
            "first": reader.last_number + 1,
            "last": head.number,
        }
        yield Anomaly(reader.last_number + 1, "", "tail-cut", message)
    elif head.number < reader.last_number:
        message = _("au-delà de la tête enregistrée, qui s’arrête au maillon %s.") % head.number
        yield Anomaly(head.number + 1, "", "beyond-head", message)
    elif head.chain_hash != reader.head_hash:
        yield Anomaly(head.number, "", "head-hash", _("son empreinte n’est pas celle de la tête enregistrée."))
    elif head.day != reader.last_date:
        yield Anomaly(head.number, "", "head-date", _("son jour fiscal n’est pas celui de la tête enregistrée."))
