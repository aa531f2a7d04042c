"""The reads of this app."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Q, QuerySet, Sum, When, Window

from apps.mouvements.choices import Sens
from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.organisations.models import Tiers

ZERO = Decimal(0)
_MONTANT = DecimalField(max_digits=20, decimal_places=4)
_SIGNE = Case(When(sens=Sens.DEBIT, then=F("montant")), default=-F("montant"), output_field=_MONTANT)


def solde(tiers_id: uuid.UUID, devise: str) -> Decimal:
    """Return what the third party owes in `devise`; below zero, we owe it. Zero when nothing ever moved."""
    ligne = SoldeTiers.objects.filter(tiers_id=tiers_id, devise=devise).first()
    return ligne.montant_actuel if ligne else ZERO


def soldes(tiers_id: uuid.UUID) -> QuerySet[SoldeTiers]:
    """Return the balances of the third party, one a currency."""
    return SoldeTiers.objects.filter(tiers_id=tiers_id).order_by("devise")


def mouvements_du_tiers(tiers_id: uuid.UUID, devise: str | None = None) -> QuerySet[MouvementFinancier]:
    """Return the movements of the third party, oldest first, each with its running balance (`solde_apres`).

    The balance runs over all its movements of the same currency, whatever page is read.
    """
    mouvements = MouvementFinancier.objects.filter(tiers_id=tiers_id)
    if devise:
        mouvements = mouvements.filter(devise=devise)
    courant = Window(Sum(_SIGNE), partition_by=[F("devise")], order_by=[F("date_mouvement").asc(), F("id").asc()])
    return mouvements.annotate(solde_apres=courant).order_by("date_mouvement", "id")


@dataclass(frozen=True)
class EcartDeSolde:
    """A balance that its movements do not make: a defect, or a hand in the database."""

    tiers_id: uuid.UUID
    devise: str
    solde: Decimal
    somme: Decimal


def ecarts_de_solde() -> Iterator[EcartDeSolde]:
    """Yield the balances of the tenant in scope that differ from the sum of their movements."""
    sommes = {
        (ligne["tiers_id"], ligne["devise"]): ligne["somme"]
        for ligne in MouvementFinancier.objects.order_by().values("tiers_id", "devise").annotate(somme=Sum(_SIGNE))
    }
    tenus = {
        (ligne.tiers_id, ligne.devise): ligne.montant_actuel - ligne.montant_initial
        for ligne in SoldeTiers.objects.all()
    }
    for cle in sorted(sommes.keys() | tenus.keys(), key=str):
        if tenus.get(cle, ZERO) != sommes.get(cle, ZERO):
            yield EcartDeSolde(*cle, tenus.get(cle, ZERO), sommes.get(cle, ZERO))


def chercher_tiers(q: str) -> QuerySet[Tiers]:
    return Tiers.objects.filter(Q(code__icontains=q) | Q(nom__icontains=q)).order_by("nom", "code")
