"""Facts that wait for the accountant."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.comptabilite.grand_livre.models import ImputationEnAttente
from apps.comptabilite.grand_livre.transitions import EN_ATTENTE


def attentes(*, resolues: bool = False) -> QuerySet[ImputationEnAttente]:
    """Pending imputations, oldest first, with their fact; with `resolues`, the settled ones too."""
    toutes = ImputationEnAttente.objects.select_related("fait", "resolue_par").order_by("date_fait", "id")
    return toutes if resolues else toutes.filter(statut=EN_ATTENTE)


def nombre_en_attente() -> int:
    """How many facts wait for a rule."""
    return ImputationEnAttente.objects.filter(statut=EN_ATTENTE).count()
