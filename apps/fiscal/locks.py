"""The rows of the chain that are locked by hand; money commands lock the tenant's row instead."""

from __future__ import annotations

from uuid import UUID

from apps.fiscal.models import FiscalAnchor


def lock_anchor(anchor_id: UUID) -> FiscalAnchor | None:
    """Lock one anchor of the tenant in scope until the transaction ends; None where it is not there."""
    return FiscalAnchor.objects.select_for_update(of=("self",)).filter(pk=anchor_id).first()
