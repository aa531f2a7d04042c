"""Verify the chain of the tenant in scope, in bounded memory, writing nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.fiscal.checkpoints import Checkpoint
from apps.fiscal.closing_verification import ClosingReader
from apps.fiscal.first_pass import KEPT_ANOMALIES, Findings, Stretch, place_before, read_stretch
from apps.fiscal.keys import Keys, genuine_keys
from apps.fiscal.parallel import in_processes
from apps.fiscal.stored_links import LOWEST, StoredHead, read_head, read_place
from apps.fiscal.verification import Anomaly, Place
from apps.socle.scope import require_scope

__all__ = ["KEPT_ANOMALIES", "Progress", "Verification", "verify_chain"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Verification:
    """What a verification found: from which link on, how many links, and the first anomalies in order."""

    tenant_id: UUID
    entries: int
    head_sequence_number: int
    head_hash: str
    anomalies_found: int
    anomalies: tuple[Anomaly, ...]
    duration: float
    first_sequence_number: int = 1
    warnings: tuple[Anomaly, ...] = ()
    """What could not be verified; the chain itself is not in question."""

    @property
    def holds(self) -> bool:
        return not self.anomalies_found

    @property
    def first(self) -> Anomaly | None:
        """The first broken link, or None where everything holds."""
        return self.anomalies[0] if self.anomalies else None


def verify_chain(
    *, progress: Progress | None = None, since: Checkpoint | None = None, processes: int = 1
) -> Verification:
    """Verify the chain of the tenant in scope from its genesis, or from a checkpoint, to its head.

    From a checkpoint, that link is the first one read, and must still have the hash that it had; of
    closings all bytes and places are verified, trees and totals of those that end behind it.
    `processes` above one share the work, each with a connection of its own: they see what is
    committed, and must not be asked for where this process may have no children (a worker's task).
    Links added meanwhile are left for the next time. `progress` is called with (done, total).
    Raises ScopeMissing, and MasterSecretError when the master secret cannot be read: without it,
    a key that somebody replaced in the database would pass for the tenant's.
    """
    tenant_id, started, findings = require_scope(), time.monotonic(), Findings()
    first = since.sequence_number if since else 1
    with transaction.atomic():
        keys, replaced = genuine_keys(tenant_id)
        for key_id in replaced:
            findings.add(_replaced(key_id))
        head = read_head(tenant_id)
        done = _read(tenant_id, keys, first if since else LOWEST, head.last, processes, progress)
        for anomaly in _at_the_checkpoint(tenant_id, since) if since else ():
            findings.add(anomaly)
        findings.join(done.findings)
        for anomaly in ClosingReader(tenant_id, keys, since.sequence_number if since else 0).read_all():
            findings.add(anomaly)
    for anomaly in _at_the_head(head, done.place):
        findings.add(anomaly)
    return Verification(
        tenant_id=tenant_id,
        entries=done.links,
        head_sequence_number=done.place.number,
        head_hash=done.place.chain_hash,
        anomalies_found=findings.total,
        anomalies=tuple(findings.kept),
        duration=time.monotonic() - started,
        first_sequence_number=first,
    )


def _read(tenant_id: UUID, keys: Keys, first: int, last: int, processes: int, progress: Progress | None) -> Stretch:
    """Verify the links `first` to `last`; return what was found in all of them."""
    total = last - max(first, 1) + 1
    if processes > 1:
        return in_processes(tenant_id, keys, first, last, processes, progress)
    done = Stretch(place_before(tenant_id, first))
    for stretch in read_stretch(tenant_id, keys, done.place, first, last):
        done = stretch
        if progress:
            progress(done.links, total)
    return done


def _replaced(key_id: str) -> Anomaly:
    message = _("La clé publique « %s » n’est pas celle que le secret maître donne.") % key_id
    return Anomaly(0, "", "key-replaced", message)


def _at_the_checkpoint(tenant_id: UUID, since: Checkpoint) -> Iterator[Anomaly]:
    place = read_place(tenant_id, since.sequence_number)
    if place is None or place.chain_hash != since.chain_hash:
        message = _("ce n’est plus le maillon qui avait été vérifié : son empreinte était %s.") % since.chain_hash
        yield Anomaly(since.sequence_number, "", "checkpoint", message)


def _at_the_head(head: StoredHead, reached: Place) -> Iterator[Anomaly]:
    if head.number is None:
        yield Anomaly(0, "", "head-missing", _("La tête de chaîne n’est plus enregistrée."))
    elif head.number > reached.number:
        message = _("il manque, ainsi que tout ce qui suit : la tête enregistrée va jusqu’au maillon %s.") % head.number
        yield Anomaly(reached.number + 1, "", "tail-cut", message)
    elif head.number < reached.number:
        message = _("au-delà de la tête enregistrée, qui s’arrête au maillon %s.") % head.number
        yield Anomaly(head.number + 1, "", "beyond-head", message)
    elif head.chain_hash != reached.chain_hash:
        yield Anomaly(head.number, "", "head-hash", _("son empreinte n’est pas celle de la tête enregistrée."))
    elif head.day != reached.day:
        yield Anomaly(head.number, "", "head-date", _("son jour fiscal n’est pas celui de la tête enregistrée."))
