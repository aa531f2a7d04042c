"""The row locks of this app, taken after the tenant's."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from apps.mouvements.choices import Statut
from apps.mouvements.models import MouvementFinancier
from apps.socle.unit_of_work import held_list


def mouvements_ouverts(tiers_id: uuid.UUID, devise: str) -> list[MouvementFinancier]:
    """Return the movements of a third party that are not settled, locked, read once a command."""
    return held_list(("open movements", tiers_id, devise), lambda: list(_verrouilles(tiers_id, devise)))


def _verrouilles(tiers_id: uuid.UUID, devise: str) -> QuerySet[MouvementFinancier]:
    ouverts = MouvementFinancier.objects.select_for_update(of=("self",)).filter(tiers_id=tiers_id, devise=devise)
    return ouverts.exclude(statut=Statut.PAYE).order_by("date_mouvement", "id")
