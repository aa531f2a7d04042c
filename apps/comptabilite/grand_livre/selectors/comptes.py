"""What one account comes to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Max, QuerySet, Sum

from apps.comptabilite.grand_livre.models import CompteComptable, TotalCompte
from apps.comptabilite.grand_livre.transitions import A_VALIDER, VALIDEE
from apps.organisations.models import Tenant

POSTEES = (A_VALIDER, VALIDEE)


def comptes_sous(compte: CompteComptable) -> list[UUID]:
    """The account itself, or for a heading the accounts below it that receive entries.

    Read apart, since under row security a LIKE on the number would keep PostgreSQL from every index.
    """
    if compte.imputable:
        return [compte.pk]
    dessous = CompteComptable.objects.filter(numero__startswith=compte.numero, imputable=True)
    return list(dessous.values_list("id", flat=True))


def totaux_de(compte: CompteComptable) -> QuerySet[TotalCompte]:
    """Posted totals of an account and its sub-accounts, drafts apart."""
    return TotalCompte.objects.filter(compte_id__in=comptes_sous(compte), statut__in=POSTEES)


def solde_du_compte(compte: CompteComptable) -> Decimal:
    """Debits less credits of the account and its sub-accounts, in the tenant's own currency."""
    devise = Tenant.objects.values_list("currency", flat=True).get(pk=compte.tenant_id)
    sommes = totaux_de(compte).filter(devise=devise).aggregate(debit=Sum("debit"), credit=Sum("credit"))
    return (sommes["debit"] or Decimal(0)) - (sommes["credit"] or Decimal(0))


def derniere_utilisation(compte: CompteComptable) -> date | None:
    """Day of the latest posted line on the account or its sub-accounts."""
    return totaux_de(compte).filter(nombre__gt=0).aggregate(jour=Max("jour"))["jour"]


def comptes(texte: str = "") -> QuerySet[CompteComptable]:
    """Accounts by number: those whose number begins with `texte`, or whose title holds it."""
    tous = CompteComptable.objects.order_by("numero")
    if not texte:
        return tous
    return tous.filter(numero__startswith=texte) if texte.isdecimal() else tous.filter(libelle__icontains=texte)
