"""Write one anchored head in its place, outside the database."""

from __future__ import annotations

import logging
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from apps.fiscal import anchor_file
from apps.fiscal.choices import AnchorStatus, AnchorType
from apps.fiscal.locks import lock_anchor
from apps.fiscal.models import FiscalAnchor, FiscalEntry
from apps.fiscal.places import NotLocked, NotSet, Written, write
from apps.socle.clock import now
from apps.socle.language import document_language
from apps.socle.scope import scope

logger = logging.getLogger(__name__)

TRANSIENT = (OSError, BotoCoreError, ClientError, NotLocked)
"""What passes, or what somebody has to mend: full disk, unreachable server, refused key. The row stays pending."""


class Contradicted(RuntimeError):
    """The anchor file knows another chain: a later head, or another hash at the same place."""


@document_language()
def deliver_anchor(*, tenant_id: UUID, anchor_id: UUID) -> AnchorStatus | None:
    """Deliver a pending anchor; return its state, or None where it was no longer pending.

    It is no command: nobody's sale waits for a bucket or a mailbox. The attempt is counted before
    anything leaves, so that the next one, after a crash, knows that the line may be there already;
    the row's lock keeps two workers apart. Where the file contradicts the chain, or the place is no
    longer set, the anchor is refused for good.
    """
    with scope(tenant_id):
        waiting = FiscalAnchor.objects.filter(pk=anchor_id, status=AnchorStatus.PENDING)
        if not waiting.update(attempts=F("attempts") + 1, updated_at=now()):
            return None
    try:
        with scope(tenant_id):
            return _deliver(anchor_id)
    except TRANSIENT as error:
        logger.warning("anchor %s of tenant %s is not delivered: %s", anchor_id, tenant_id, error)
        with scope(tenant_id):
            said = f"{type(error).__name__}: {error}"[:1000]
            FiscalAnchor.objects.filter(pk=anchor_id, status=AnchorStatus.PENDING).update(
                last_error=said, updated_at=now()
            )
        return AnchorStatus.PENDING


def _deliver(anchor_id: UUID) -> AnchorStatus | None:
    anchor = lock_anchor(anchor_id)
    if anchor is None or anchor.status != AnchorStatus.PENDING:
        return None
    try:
        if anchor.anchor_type == AnchorType.FILE:
            _refuse_another_chain(anchor)
        _delivered(anchor, write(anchor))
    except (Contradicted, NotSet) as refusal:
        logger.error("anchor %s of tenant %s is refused: %s", anchor_id, anchor.tenant_id, refusal)
        anchor.status, anchor.last_error = AnchorStatus.FAILED, str(refusal)
    anchor.updated_at = now()
    anchor.save(update_fields=["status", "anchor_reference", "proof_path", "last_error", "updated_at"])
    return AnchorStatus(anchor.status)


def _delivered(anchor: FiscalAnchor, written: Written) -> None:
    anchor.status, anchor.last_error = AnchorStatus.VERIFIED, ""
    anchor.anchor_reference, anchor.proof_path = written.reference, written.proof_path


def _refuse_another_chain(anchor: FiscalAnchor) -> None:
    """Raise Contradicted unless the chain holds the last head that the file knows of it."""
    known = anchor_file.last_head(settings.ANCHOR_FILE, anchor.tenant_id)
    if known is None:
        return
    stored = FiscalEntry.objects.filter(sequence_number=known.sequence_number).values_list("chain_hash", flat=True)
    if list(stored) != [known.chain_hash]:
        raise Contradicted(_("Le fichier d’ancrage connaît un autre maillon %s que la chaîne.") % known.sequence_number)
