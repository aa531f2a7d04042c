"""What the chain publishes itself: a period was closed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.fiscal.models import FiscalClosing
from apps.socle.actors import Acteur
from apps.socle.facts import FactDeclaration, FactToPublish

CLOSING_MADE = FactDeclaration(
    type="closing_made",
    label=_("Clôture faite"),
    source="fiscal.FiscalClosing",
    entry_type="closing",
    legal_status="donnee_fiscale",
    money=False,
)


def closing_made(closing: FiscalClosing, acteur: Acteur) -> FactToPublish:
    """Return the fact of `closing`, whose link stands outside of what it covers."""
    return FactToPublish(
        type=CLOSING_MADE.type,
        source=closing,
        number=closing.number,
        date=closing.closing_date,
        currency=closing.currency,
        lines=(),
        acteur=acteur,
        key=f"closing:{closing.pk}",
        snapshot={
            "version": 1,
            "closing_hash": closing.closing_hash,
            "closing_type": str(closing.closing_type),
            "closing_date": closing.closing_date.isoformat(),
            "first_sequence": closing.first_sequence,
            "last_sequence": closing.last_sequence,
            "entries_count": closing.entries_count,
            "merkle_root": closing.merkle_root,
            "head_hash": closing.head_hash,
        },
    )
