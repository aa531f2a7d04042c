"""Links up to which a chain was found whole, from which a verification may go on."""

from __future__ import annotations

from dataclasses import dataclass

from apps.fiscal.choices import CheckStatus
from apps.fiscal.models import FiscalIntegrityCheck


@dataclass(frozen=True)
class Checkpoint:
    """A link and the chain hash that it had: 64 lower-case hexadecimal digits."""

    sequence_number: int
    chain_hash: str


def latest_checkpoint() -> Checkpoint | None:
    """Return the head of the latest verification of the tenant in scope that held; None where there was none.

    None too where the very latest one failed: who was told of a broken chain is not told "whole"
    for what came after it.
    """
    latest = FiscalIntegrityCheck.objects.order_by("-created_at", "-id").first()
    if latest is None or latest.status != CheckStatus.PASSED or not latest.head_sequence_number:
        return None
    return Checkpoint(latest.head_sequence_number, latest.head_hash)
