"""What a closing says, before it is signed: every column but those that are computed from it.

`docs/fiscal-format.md` describes the same bytes; a change here is a change of format.
"""

from __future__ import annotations

from typing import Any

from apps.fiscal.canonical import amount_text, check, timestamp_text
from apps.fiscal.models import FiscalClosing

CLOSING_VERSION = 1


def closing_content(closing: FiscalClosing, tenant_name: str) -> dict[str, Any]:
    """Return the JSON object that is canonicalised, kept and hashed; keys are the columns' names.

    Raises CanonicalError where a value has no single spelling.
    """
    content = {
        "version": CLOSING_VERSION,
        "id": str(closing.pk),
        "tenant_id": str(closing.tenant_id),
        "tenant_name": tenant_name,
        "closing_type": str(closing.closing_type),
        "closing_date": closing.closing_date.isoformat(),
        "period_start": closing.period_start.isoformat(),
        "first_sequence": closing.first_sequence,
        "last_sequence": closing.last_sequence,
        "entries_count": closing.entries_count,
        "head_hash": closing.head_hash,
        "totals": closing.totals,
        "perpetual_totals": closing.perpetual_totals,
        "opening_balance": amount_text(closing.opening_balance),
        "closing_balance": amount_text(closing.closing_balance),
        "currency": closing.currency,
        "total_operations": closing.total_operations,
        "merkle_root": closing.merkle_root,
        "merkle_frontier": closing.merkle_frontier,
        "unfinished": closing.unfinished,
        "previous_closing_hash": closing.previous_closing_hash,
        "key_id": closing.key_id,
        "algorithm": closing.algorithm,
        "status": str(closing.status),
        "fec_export_path": closing.fec_export_path,
        "actor_type": str(closing.actor_type),
        "actor_id": str(closing.actor_id) if closing.actor_id else None,
        "actor_label": closing.actor_label,
        "environment": str(closing.environment),
        "closed_at": timestamp_text(closing.closed_at),
    }
    check(content)
    return content
