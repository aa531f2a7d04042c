"""The till's lists: filters, totals over all pages, exports. Shared by screens and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from apps.comptabilite.caisse.choices import MoyenPaiement, StatutFacture
from apps.comptabilite.caisse.models import FactureCaisse, LigneFactureCaisse, PaiementQuittance, Quittance
from apps.hospital.selectors import patients_trouves

ZERO = Decimal(0)


@dataclass(frozen=True)
class Total:
    """How many rows a list has on all its pages, and what they come to in the tenant's currency."""

    nombre: int
    montant: Decimal


def debut_du_jour(jour: date, fuseau: str) -> datetime:
    """Return the first moment of `jour` in the IANA zone `fuseau`."""
    return datetime.combine(jour, time.min, tzinfo=ZoneInfo(fuseau))


def entre(champ: str, valeurs: Mapping[str, Any], fuseau: str) -> Q:
    """Return the condition that `champ` falls on the days `du` to `au`, both included, where they are given."""
    condition = Q()
    if valeurs.get("du"):
        condition &= Q(**{f"{champ}__gte": debut_du_jour(valeurs["du"], fuseau)})
    if valeurs.get("au"):
        condition &= Q(**{f"{champ}__lt": debut_du_jour(valeurs["au"] + timedelta(days=1), fuseau)})
    return condition


def _cherche(q: str, *numeros: str) -> Q:
    """Return the condition that one of `numeros` contains `q`, or that the patient is one whom `q` may mean."""
    condition = Q(session__patient__in=patients_trouves(q).order_by().values("pk"))
    for numero in numeros:
        condition |= Q(**{f"{numero}__icontains": q.strip()})
    return condition


def factures_filtrees(valeurs: Mapping[str, Any], fuseau: str) -> QuerySet[FactureCaisse]:
    """Return the cashiers' invoices that the filters keep, whatever their state."""
    factures = FactureCaisse.objects.filter(entre("date_creation", valeurs, fuseau))
    if valeurs.get("q"):
        factures = factures.filter(_cherche(valeurs["q"], "numero_travail", "invoice__invoice_number"))
    if valeurs.get("type"):
        avec = LigneFactureCaisse.objects.filter(type_recette=valeurs["type"]).values("facture_id")
        factures = factures.filter(pk__in=avec)
    return factures


def par_statut(factures: QuerySet[FactureCaisse]) -> dict[str, int]:
    """Return how many invoices of the filtered list stand in each state."""
    comptes = dict(factures.order_by().values_list("statut").annotate(n=Count("pk")))
    return {statut: comptes.get(statut, 0) for statut in StatutFacture.values}


def total_factures(factures: QuerySet[FactureCaisse]) -> Total:
    """Return the count and the sum of all pages."""
    somme = factures.order_by().aggregate(n=Count("pk"), m=Sum("montant"))
    return Total(somme["n"], somme["m"] or ZERO)


def quittances_filtrees(valeurs: Mapping[str, Any], fuseau: str) -> QuerySet[Quittance]:
    """Return the receipts that the filters keep."""
    quittances = Quittance.objects.filter(entre("date_paiement", valeurs, fuseau))
    if valeurs.get("q"):
        quittances = quittances.filter(_cherche(valeurs["q"], "numero_quittance", "facture__invoice__invoice_number"))
    if valeurs.get("caisse"):
        quittances = quittances.filter(session_caisse__caisse=valeurs["caisse"])
    if valeurs.get("moyen"):
        avec = PaiementQuittance.objects.filter(moyen=valeurs["moyen"]).values("quittance_id")
        quittances = quittances.filter(pk__in=avec)
    if valeurs.get("type"):
        avec = LigneFactureCaisse.objects.filter(type_recette=valeurs["type"]).values("facture_id")
        quittances = quittances.filter(facture_id__in=avec)
    return quittances


def total_quittances(quittances: QuerySet[Quittance]) -> Total:
    """Return the count and the sum of all pages."""
    somme = quittances.order_by().aggregate(n=Count("pk"), m=Sum("montant_paye"))
    return Total(somme["n"], somme["m"] or ZERO)


def recettes_par_moyen(paiements: QuerySet[PaiementQuittance]) -> list[tuple[str, str, Total]]:
    """Return (means, label, total) for each means of payment, those without takings included."""
    sommes = {
        ligne["moyen"]: Total(ligne["n"], ligne["m"])
        for ligne in paiements.order_by().values("moyen").annotate(n=Count("pk"), m=Sum("montant"))
    }
    return [(moyen, str(libelle), sommes.get(moyen, Total(0, ZERO))) for moyen, libelle in MoyenPaiement.choices]
