"""Facts that wait for the accountant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from apps.comptabilite.grand_livre.imputation import EcritureImputee
from apps.comptabilite.grand_livre.models import CompteComptable, ImputationEnAttente, Journal
from apps.comptabilite.grand_livre.transitions import EN_ATTENTE


def attentes(*, resolues: bool = False) -> QuerySet[ImputationEnAttente]:
    """Pending imputations, oldest first, with their fact; with `resolues`, the settled ones too."""
    toutes = ImputationEnAttente.objects.select_related("fait", "resolue_par").order_by("date_fait", "id")
    return toutes if resolues else toutes.filter(statut=EN_ATTENTE)


def nombre_en_attente() -> int:
    """How many facts wait for a rule."""
    return ImputationEnAttente.objects.filter(statut=EN_ATTENTE).count()


@dataclass(frozen=True)
class LigneApercu:
    """A line that the rules of now would post."""

    journal: str
    numero: str
    compte: str
    libelle: str
    debit: Decimal
    credit: Decimal


def apercu(ecritures: Sequence[EcritureImputee]) -> list[LigneApercu]:
    """What the rules of now would post, journal by journal."""
    comptes = CompteComptable.objects.in_bulk({ligne.compte for e in ecritures for ligne in e.lignes})
    journaux = Journal.objects.in_bulk({e.journal for e in ecritures})
    return [
        LigneApercu(
            journaux[e.journal].code,
            comptes[ligne.compte].numero,
            comptes[ligne.compte].libelle,
            ligne.libelle,
            ligne.debit,
            ligne.credit,
        )
        for e in ecritures
        for ligne in e.lignes
    ]
