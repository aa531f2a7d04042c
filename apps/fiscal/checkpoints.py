"""Links up to which a chain was found whole, from which a verification may go on."""

from __future__ import annotations

from dataclasses import dataclass

from apps.fiscal.choices import CheckStatus, ClosingType
from apps.fiscal.closings import latest_closing
from apps.fiscal.models import FiscalIntegrityCheck


@dataclass(frozen=True)
class Checkpoint:
    """A link and the chain hash that it had: 64 lower-case hexadecimal digits."""

    sequence_number: int
    chain_hash: str


def latest_checkpoint() -> Checkpoint | None:
    """Return the furthest link up to which the chain of the tenant in scope was found whole; None where there is none.

    That is the head of the latest verification, or the last link of the latest sealed day: a day is
    sealed on a chain that holds only, and its closing is signed. None too where the very latest
    verification failed: who was told of a broken chain is not told "whole" for what came after it.
    """
    latest = FiscalIntegrityCheck.objects.order_by("-created_at", "-id").first()
    if latest is not None and latest.status == CheckStatus.FAILED:
        return None
    closing = latest_closing(ClosingType.DAILY)
    found = [Checkpoint(latest.head_sequence_number, latest.head_hash)] if latest else []
    found += [Checkpoint(closing.last_sequence, closing.head_hash)] if closing else []
    furthest = max(found, key=lambda one: one.sequence_number, default=None)
    return furthest if furthest and furthest.sequence_number else None
