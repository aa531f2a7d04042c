"""Accounts as they are looked for."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.comptabilite.grand_livre.models import CompteComptable


def comptes(texte: str = "") -> QuerySet[CompteComptable]:
    """Accounts by number: those whose number begins with `texte`, or whose title holds it."""
    tous = CompteComptable.objects.order_by("numero")
    if not texte:
        return tous
    return tous.filter(numero__startswith=texte) if texte.isdecimal() else tous.filter(libelle__icontains=texte)
