"""Every `select_for_update` of the ledger. Entries have none: the runtime role may not lock them, and the
tenant's row, which each command locks first, stands for them."""

from __future__ import annotations

from uuid import UUID

from apps.comptabilite.grand_livre.models import ImputationEnAttente, Periode


def attente(attente_id: UUID) -> ImputationEnAttente:
    """Lock a pending imputation. Raises ImputationEnAttente.DoesNotExist."""
    return ImputationEnAttente.objects.select_for_update(of=("self",)).get(pk=attente_id)


def attentes_ouvertes() -> list[ImputationEnAttente]:
    """Lock every unresolved imputation, oldest first."""
    from apps.comptabilite.grand_livre.transitions import EN_ATTENTE

    ouvertes = ImputationEnAttente.objects.filter(statut=EN_ATTENTE).order_by("date_fait", "id")
    return list(ouvertes.select_for_update(of=("self",)))


def periode(periode_id: UUID) -> Periode:
    """Lock a period. Raises Periode.DoesNotExist."""
    return Periode.objects.select_for_update(of=("self",)).get(pk=periode_id)
