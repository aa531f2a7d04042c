"""Ask that the head of the chain be written outside the database."""

from __future__ import annotations

import logging
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from apps.fiscal.anchor_line import VERSION, signed_line
from apps.fiscal.canonical import timestamp_text
from apps.fiscal.head import HeadToExtend, read_head_to_extend
from apps.fiscal.models import FiscalAnchor, FiscalClosing, FiscalEntry
from apps.fiscal.places import places_set
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.models import TenantRegistry
from apps.socle.scope import require_scope

logger = logging.getLogger(__name__)


@command
def anchor_head(
    *, acteur: Acteur, closing: FiscalClosing | None = None, day: date | None = None, hand_over: bool = True
) -> list[FiscalAnchor]:
    """Anchor the head of the chain of the tenant in scope: a pending row for each place, delivered after the commit.

    After a closing, `closing` is what was sealed, and the head the link of its fact; `day` is the local day
    that ended; without either it is anchored once more. Done once for each place: what stands is
    left. A chain without links has no head. `hand_over=False` leaves the delivery to the caller.

    Raises BusinessError where the tenant has no chain, and MasterSecretError.
    """
    head = read_head_to_extend(require_scope())
    if head.number == 0:
        return []
    missing = [place for place in places_set() if place not in _places_of(closing, day)]
    if not missing:
        return []
    moment = now()
    entry = FiscalEntry.objects.only("pk").get(sequence_number=head.number)
    line = signed_line(_content(head, timestamp_text(moment), closing), head.signer.private_key)
    anchors = [
        FiscalAnchor.objects.create(
            entry=entry,
            sequence_number=head.number,
            chain_hash=head.chain_hash,
            closing=closing,
            closing_hash=closing.closing_hash if closing else None,
            day=day,
            line=line,
            anchor_type=place,
            anchor_timestamp=moment,
            created_at=moment,
            updated_at=moment,
        )
        for place in missing
    ]
    record("anchored", anchors[0], acteur, new={"sequence_number": head.number, "places": [str(p) for p in missing]})
    if hand_over:
        identifiers = [anchor.pk for anchor in anchors]
        tenant_id = require_scope()
        transaction.on_commit(lambda: _deliver_soon(tenant_id, identifiers), robust=True)
    return anchors


def _places_of(closing: FiscalClosing | None, day: date | None) -> set[str]:
    """Return where the head of this closing, or of this day, was anchored already."""
    if closing is None and day is None:
        return set()
    same = Q(closing=closing) if closing else Q(day=day)
    return set(FiscalAnchor.objects.filter(same).values_list("anchor_type", flat=True))


def _content(head: HeadToExtend, moment: str, closing: FiscalClosing | None) -> dict[str, object]:
    tenant_id = require_scope()
    return {
        "version": VERSION,
        "tenant_id": str(tenant_id),
        "tenant": TenantRegistry.objects.get(tenant_id=tenant_id).slug,
        "sequence_number": head.number,
        "chain_hash": head.chain_hash,
        "closing_type": str(closing.closing_type) if closing else None,
        "closing_date": closing.closing_date.isoformat() if closing else None,
        "closing_hash": closing.closing_hash if closing else None,
        "fiscal_date": head.day.isoformat() if head.day else None,
        "anchored_at": moment,
        "key_id": head.signer.key_id,
    }


def _deliver_soon(tenant_id: UUID, anchor_ids: list[UUID]) -> None:
    """Hand the rows to a worker; where that fails, beat finds them a few minutes later."""
    from apps.fiscal.tasks import deliver_one_anchor  # the tasks use the services

    try:
        for anchor_id in anchor_ids:
            deliver_one_anchor.delay(str(tenant_id), str(anchor_id))
    except (OSError, OperationalError) as error:  # a command on a machine where nothing runs yet
        logger.warning("no broker takes the anchors of tenant %s, they wait for beat: %s", tenant_id, error)
