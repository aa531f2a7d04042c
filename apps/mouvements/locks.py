"""The row locks of this app, taken after the tenant's."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from apps.mouvements.choices import Statut
from apps.mouvements.models import MouvementFinancier
from apps.socle.unit_of_work import held_list, hold_list


def mouvements_ouverts(tiers_id: uuid.UUID, devise: str) -> list[MouvementFinancier]:
    """Return the movements of a third party that are not settled, locked, read once a command."""
    return held_list(_cle(tiers_id, devise), lambda: list(_verrouilles([tiers_id], devise)), owner=tiers_id)


def prendre_mouvements_ouverts(tiers_ids: Collection[uuid.UUID], devise: str) -> None:
    """Ask at once for the open movements of several third parties, in a command that goes on to each of them."""
    ouverts: dict[uuid.UUID, list[MouvementFinancier]] = defaultdict(list)
    for mouvement in _verrouilles(tiers_ids, devise):
        ouverts[mouvement.tiers_id].append(mouvement)
    for tiers_id in tiers_ids:
        hold_list(_cle(tiers_id, devise), ouverts[tiers_id])


def _cle(tiers_id: uuid.UUID, devise: str) -> tuple[str, uuid.UUID, str]:
    return "open movements", tiers_id, devise


def _verrouilles(tiers_ids: Collection[uuid.UUID], devise: str) -> QuerySet[MouvementFinancier]:
    ouverts = MouvementFinancier.objects.select_for_update(of=("self",)).filter(tiers_id__in=tiers_ids, devise=devise)
    return ouverts.exclude(statut=Statut.PAYE).order_by("date_mouvement", "id")
