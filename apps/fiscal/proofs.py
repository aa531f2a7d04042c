"""What may be handed to somebody who has neither the platform nor the archive: a link, or two closings, with their proof.

Everything stands in one JSON file that `verify.py` accepts alone.
"""

from __future__ import annotations

from typing import Any

from apps.fiscal import tree
from apps.fiscal.archive.contents import closing_json, keys_json, link_json
from apps.fiscal.archive.span import ClosingRow
from apps.fiscal.choices import ClosingType
from apps.fiscal.models import FiscalClosing, FiscalEntry
from apps.organisations.models import Tenant
from apps.socle.scope import require_scope

INCLUSION, CONSISTENCY = "cauris/inclusion-proof/v1", "cauris/consistency-proof/v1"


def covering_closing(sequence_number: int) -> FiscalClosing | None:
    """Return the day's closing that covers a link; None while its day is not sealed."""
    return FiscalClosing.objects.filter(
        closing_type=ClosingType.DAILY, first_sequence__lte=sequence_number, last_sequence__gte=sequence_number
    ).first()


def inclusion(entry: FiscalEntry) -> dict[str, Any]:
    """Return the proof of one link: its bytes, the closing that covers it, the path between them, the keys.

    Before its day is sealed there is neither closing nor path: the link's own signature is all that
    can be given. Raises TreeBroken where the stored links do not give the closing's root.
    """
    closing = covering_closing(entry.sequence_number)
    path = None
    if closing:
        path = tree.inclusion_proof(
            sequence_number=entry.sequence_number,
            size=closing.last_sequence,
            chain_hash=entry.chain_hash,
            root=closing.merkle_root,
        )
    return _statement(
        INCLUSION, link=_link(entry), closing=_closing(closing) if closing else None, path=path, keys=keys_json()
    )


def consistency(first: FiscalClosing, second: FiscalClosing) -> dict[str, Any]:
    """Return the proof that what `first` sealed is a beginning of what `second` sealed.

    They may come in either order. Raises TreeBroken where the stored links do not join their roots.
    """
    if second.last_sequence < first.last_sequence:
        first, second = second, first
    proof = tree.consistency_proof(
        first=first.last_sequence,
        first_root=first.merkle_root,
        second=second.last_sequence,
        second_root=second.merkle_root,
    )
    return _statement(CONSISTENCY, first=_closing(first), second=_closing(second), proof=proof, keys=keys_json())


def _statement(kind: str, **content: Any) -> dict[str, Any]:
    tenant = Tenant.objects.get(pk=require_scope())
    return {"type": kind, "tenant_id": str(tenant.pk), "tenant": tenant.legal_name or tenant.name, **content}


def _link(entry: FiscalEntry) -> dict[str, Any]:
    return link_json(
        entry.sequence_number,
        bytes(entry.data_canonical),
        entry.data_hash,
        entry.previous_hash,
        entry.chain_hash,
        bytes(entry.signature),
        entry.key_id,
        entry.algorithm,
    )


def _closing(closing: FiscalClosing) -> dict[str, Any]:
    return closing_json(
        ClosingRow(
            own_sequence=0,
            data_canonical=bytes(closing.data_canonical),
            data_hash=closing.data_hash,
            previous_closing_hash=closing.previous_closing_hash,
            closing_hash=closing.closing_hash,
            signature=bytes(closing.signature),
            key_id=closing.key_id,
            algorithm=closing.algorithm,
        )
    )
