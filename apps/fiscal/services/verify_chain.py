"""Verify the whole chain of the tenant in scope, in bounded memory, writing nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.fiscal.keys import genuine_keys
from apps.fiscal.stored_links import StoredHead, read_head, read_links
from apps.fiscal.verification import Anomaly, ChainReader
from apps.socle.scope import require_scope

KEPT_ANOMALIES = 100

Progress = Callable[[int, int], None]


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


def verify_chain(*, progress: Progress | None = None) -> Verification:
    """Verify the chain of the tenant in scope from its genesis to its head.

    Links added meanwhile are left for the next time. `progress` is called with (done, total).
    Raises ScopeMissing, and MasterSecretError when the master secret cannot be read: without it,
    a key that somebody replaced in the database would pass for the tenant's.
    """
    tenant_id, started, findings = require_scope(), time.monotonic(), _Findings()
    with transaction.atomic():
        keys, replaced = genuine_keys(tenant_id)
        for key_id in replaced:
            findings.add(_replaced(key_id))
        head = read_head(tenant_id)
        reader = ChainReader(tenant_id, keys)
        for batch in read_links(tenant_id, head.last):
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


def _replaced(key_id: str) -> Anomaly:
    message = _("La clé publique « %s » n’est pas celle que le secret maître donne.") % key_id
    return Anomaly(0, "", "key-replaced", message)


def _at_the_head(head: StoredHead, reader: ChainReader) -> Iterator[Anomaly]:
    if head.number is None:
        yield Anomaly(0, "", "head-missing", _("La tête de chaîne n’est plus enregistrée."))
    elif head.number > reader.last_number:
        message = _("il manque, ainsi que tout ce qui suit : la tête enregistrée va jusqu’au maillon %s.") % head.number
        yield Anomaly(reader.last_number + 1, "", "tail-cut", message)
    elif head.number < reader.last_number:
        message = _("au-delà de la tête enregistrée, qui s’arrête au maillon %s.") % head.number
        yield Anomaly(head.number + 1, "", "beyond-head", message)
    elif head.chain_hash != reader.head_hash:
        yield Anomaly(head.number, "", "head-hash", _("son empreinte n’est pas celle de la tête enregistrée."))
    elif head.day != reader.last_date:
        yield Anomaly(head.number, "", "head-date", _("son jour fiscal n’est pas celui de la tête enregistrée."))
