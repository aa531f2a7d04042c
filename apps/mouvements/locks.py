"""The row locks of this app, taken after the tenant's."""

from __future__ import annotations

import uuid

from django.db.models import Case, QuerySet, Value, When

from apps.mouvements.choices import Statut
from apps.mouvements.models import MouvementFinancier


def ouverts_a_regler(tiers_id: uuid.UUID, devise: str, sens: str, piece: str = "") -> QuerySet[MouvementFinancier]:
    """Return the movements of that direction that are not settled, locked: `piece` first, then the oldest."""
    return (
        MouvementFinancier.objects.select_for_update(of=("self",))
        .filter(tiers_id=tiers_id, devise=devise, sens=sens)
        .exclude(statut=Statut.PAYE)
        .order_by(
            Case(When(numero_piece_comptable=piece or None, then=Value(0)), default=Value(1)), "date_mouvement", "id"
        )
    )
