"""The reads of this app."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.mouvements.choices import Sens
from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.organisations.models import Tiers
from apps.socle.facts import Trace
from apps.socle.money import format_amount
from apps.socle.search import search_key

ZERO = Decimal(0)
_MONTANT = DecimalField(max_digits=20, decimal_places=4)
_SIGNE = Case(When(sens=Sens.DEBIT, then=F("montant")), default=-F("montant"), output_field=_MONTANT)
_TELEPHONE = re.compile(r"\+?[0-9 .()\-]{3,}")


# Balances -----------------------------------------------------------------------------------


def solde(tiers_id: uuid.UUID, devise: str) -> Decimal:
    """Return what the third party owes in `devise`; below zero, we owe it. Zero when nothing ever moved."""
    ligne = SoldeTiers.objects.filter(tiers_id=tiers_id, devise=devise).first()
    return ligne.montant_actuel if ligne else ZERO


def soldes(tiers_id: uuid.UUID) -> QuerySet[SoldeTiers]:
    """Return the balances of the third party, one a currency."""
    return SoldeTiers.objects.filter(tiers_id=tiers_id).order_by("devise")


@dataclass(frozen=True)
class EcartDeSolde:
    """A balance that its movements do not make: a defect, or a hand in the database."""

    tiers_id: uuid.UUID
    devise: str
    solde: Decimal
    somme: Decimal


def ecarts_de_solde() -> Iterator[EcartDeSolde]:
    """Yield the balances of the tenant in scope that differ from the sum of their movements."""
    groupes = MouvementFinancier.objects.order_by().values("tiers_id", "devise").annotate(somme=Sum(_SIGNE))
    sommes = {(groupe["tiers_id"], groupe["devise"]): groupe["somme"] for groupe in groupes}
    tenus = {(s.tiers_id, s.devise): s.montant_actuel - s.montant_initial for s in SoldeTiers.objects.all()}
    for cle in sorted(sommes.keys() | tenus.keys(), key=str):
        tenu, somme = tenus.get(cle, ZERO), sommes.get(cle, ZERO)
        if tenu != somme:
            yield EcartDeSolde(*cle, tenu, somme)


# Movements of one third party -----------------------------------------------------------------


def mouvements_du_tiers(
    tiers_id: uuid.UUID, devise: str | None = None, du: date | None = None, au: date | None = None
) -> QuerySet[MouvementFinancier]:
    """Return the movements of the third party, oldest first, each with its running balance (`solde_apres`).

    `du` and `au` are local days, both included. The balance of a currency runs from the first of all
    its movements: what came before `du` is carried forward.
    """
    tous = MouvementFinancier.objects.filter(tiers_id=tiers_id)
    courant = Window(Sum(_SIGNE), partition_by=[F("devise")], order_by=[F("date_mouvement").asc(), F("id").asc()])
    reports = [When(devise=code, then=Value(montant)) for code, montant in _reports(tous, du).items()]
    report = Case(*reports, default=Value(ZERO), output_field=_MONTANT) if reports else Value(ZERO, _MONTANT)
    mouvements = tous.filter(_jours(du, au), **({"devise": devise} if devise else {}))
    return mouvements.annotate(solde_apres=courant + report).order_by("date_mouvement", "id")


def _reports(mouvements: QuerySet[MouvementFinancier], du: date | None) -> dict[str, Decimal]:
    """What each currency carries forward into the day `du`."""
    if du is None:
        return {}
    avant = mouvements.filter(date_mouvement__lt=_minuit(du)).order_by().values("devise")
    return {ligne["devise"]: ligne["somme"] for ligne in avant.annotate(somme=Sum(_SIGNE))}


def _jours(du: date | None, au: date | None) -> Q:
    condition = Q()
    if du is not None:
        condition &= Q(date_mouvement__gte=_minuit(du))
    if au is not None:
        condition &= Q(date_mouvement__lt=_minuit(au + timedelta(days=1)))
    return condition


def _minuit(jour: date) -> datetime:
    return timezone.make_aware(datetime.combine(jour, time.min))


@dataclass(frozen=True)
class TotauxDuCompte:
    """Debits and credits of an account in one currency, over all pages."""

    devise: str
    nombre: int
    debit: Decimal
    credit: Decimal


def totaux_du_compte(tiers_id: uuid.UUID, du: date | None = None, au: date | None = None) -> list[TotauxDuCompte]:
    """Return what the account's movements of those days add up to, a currency each."""
    lignes: dict[str, list[Any]] = {}
    groupes = (
        MouvementFinancier.objects.filter(_jours(du, au), tiers_id=tiers_id)
        .order_by("devise")
        .values_list("devise", "sens")
        .annotate(somme=Sum("montant"), nombre=Coalesce(Sum(Value(1)), 0))
    )
    for devise, sens, somme, nombre in groupes:
        ligne = lignes.setdefault(devise, [0, ZERO, ZERO])
        ligne[0] += nombre
        ligne[1 if sens == Sens.DEBIT else 2] += somme
    return [TotauxDuCompte(devise, *ligne) for devise, ligne in lignes.items()]


# Third parties --------------------------------------------------------------------------------


def tiers_avec_solde(devise: str, *, q: str = "", type_tiers: str = "", sens: str = "") -> QuerySet[Tiers]:
    """Return third parties with their balance in `devise` (`solde`).

    `q` holds beginnings of words of the name or code, without case or accents, or digits of a phone;
    `sens` keeps those who owe us (`debiteur`) or whom we owe (`crediteur`).
    """
    tenu = SoldeTiers.objects.filter(tiers_id=OuterRef("pk"), devise=devise).values("montant_actuel")
    tiers = Tiers.objects.annotate(solde=Coalesce(Subquery(tenu, _MONTANT), Value(ZERO, _MONTANT)))
    for mot in _mots(q):
        tiers = tiers.filter(cle_recherche__contains=mot)
    if type_tiers:
        tiers = tiers.filter(type=type_tiers)
    if sens:
        tiers = tiers.filter(solde__gt=0) if sens == "debiteur" else tiers.filter(solde__lt=0)
    return tiers


def _mots(q: str) -> list[str]:
    """What each stored key must contain: digits of a phone anywhere, words at their beginning."""
    if _TELEPHONE.fullmatch(q.strip()):
        return ["".join(filter(str.isdigit, q))]
    return [f" {mot}" for mot in search_key(q).split()]


def total_des_soldes(tiers: QuerySet[Tiers], devise: str) -> Decimal:
    """Return the sum of the balances of `tiers` in `devise`, over all pages."""
    ids = tiers.order_by().values("pk")
    return SoldeTiers.objects.filter(devise=devise, tiers_id__in=ids).aggregate(t=Sum("montant_actuel"))["t"] or ZERO


# Links ------------------------------------------------------------------------------------------


def lien_du_tiers(tiers_id: uuid.UUID) -> tuple[str, str]:
    """Return (URL, label) of a third party's account."""
    code, nom = Tiers.objects.values_list("code", "nom").get(pk=tiers_id)
    return reverse("mouvements:compte", args=[tiers_id]), f"{code} {nom}"


def traces_du_fait(fait_id: uuid.UUID) -> list[Trace]:
    """Return the movements that a fact made, for the screen of its document."""
    return [
        Trace(
            kind=_("Mouvement"),
            label=format_amount(mouvement.montant_signe, mouvement.devise),
            url=f"{reverse('mouvements:compte', args=[mouvement.tiers_id])}#m-{mouvement.pk}",
            permission="mouvements.view_mouvementfinancier",
            detail=mouvement.get_statut_display(),
        )
        for mouvement in MouvementFinancier.objects.filter(fait_id=fait_id)
    ]
