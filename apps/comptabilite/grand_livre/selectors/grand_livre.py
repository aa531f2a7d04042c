"""The ledger of one account: opening balance, pages of lines with the running balance, totals of all pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Sum, Window

from apps.comptabilite.grand_livre.models import CompteComptable, Ecriture, LigneEcriture, TotalCompte
from apps.comptabilite.grand_livre.transitions import POSTEES

ZERO = Decimal(0)
PAR_PAGE = 50


@dataclass(frozen=True)
class LigneGrandLivre:
    """A line and the account's balance after it (positive: debit)."""

    ligne: LigneEcriture
    solde: Decimal


@dataclass(frozen=True)
class GrandLivre:
    """One page of an account's ledger. `ouverture`, `debit`, `credit`, `cloture` cover all pages;
    `report` is the balance before this page's first line."""

    compte: CompteComptable
    debut: date
    fin: date
    devise: str
    ouverture: Decimal
    debit: Decimal
    credit: Decimal
    nombre: int
    page: int
    par_page: int
    report: Decimal
    lignes: list[LigneGrandLivre]

    @property
    def cloture(self) -> Decimal:
        return self.ouverture + self.debit - self.credit

    @property
    def pages(self) -> int:
        return max(1, -(-self.nombre // self.par_page))


@dataclass(frozen=True)
class _Jour:
    jour: date
    debit: Decimal
    credit: Decimal
    nombre: int


def grand_livre(
    compte: CompteComptable,
    debut: date,
    fin: date,
    *,
    devise: str,
    statuts: Sequence[str] = POSTEES,
    page: int = 1,
    par_page: int = PAR_PAGE,
) -> GrandLivre:
    """Lines of `compte` and its sub-accounts from `debut` to `fin`, both included, in `devise`.

    Everything but the page's own lines comes from the daily totals: the last page of a month costs what
    the first does. A page past the last shows the last.
    """
    comptes = compte.comptes_dessous
    totaux = TotalCompte.objects.filter(compte_id__in=comptes, statut__in=statuts, devise=devise)
    ouverture = _solde(totaux.filter(jour__lt=debut))
    jours = _jours(totaux.filter(jour__range=(debut, fin)))
    nombre = sum(jour.nombre for jour in jours)
    page = min(max(page, 1), max(1, -(-nombre // par_page)))
    lignes = LigneEcriture.objects.filter(compte_id__in=comptes, devise=devise)
    montrees = _page(lignes, statuts, jours, ouverture, (page - 1) * par_page, par_page)
    return GrandLivre(
        compte=compte,
        debut=debut,
        fin=fin,
        devise=devise,
        ouverture=ouverture,
        debit=sum((jour.debit for jour in jours), ZERO),
        credit=sum((jour.credit for jour in jours), ZERO),
        nombre=nombre,
        page=page,
        par_page=par_page,
        report=montrees[0].solde - montrees[0].ligne.solde if montrees else ouverture,
        lignes=montrees,
    )


def _solde(totaux: QuerySet[TotalCompte]) -> Decimal:
    sommes = totaux.aggregate(debit=Sum("debit", default=ZERO), credit=Sum("credit", default=ZERO))
    return sommes["debit"] - sommes["credit"]


def _jours(totaux: QuerySet[TotalCompte]) -> list[_Jour]:
    """Debits, credits and lines of each day that has any, in order."""
    groupes = totaux.values("jour").annotate(d=Sum("debit"), c=Sum("credit"), n=Sum("nombre")).order_by("jour")
    return [_Jour(g["jour"], g["d"], g["c"], g["n"]) for g in groupes if g["n"]]


def _page(
    lignes: QuerySet[LigneEcriture],
    statuts: Sequence[str],
    jours: list[_Jour],
    ouverture: Decimal,
    saut: int,
    taille: int,
) -> list[LigneGrandLivre]:
    """The lines numbered `saut` to `saut + taille`, reading only the days that hold them.

    Running balances come from the lines alone, in the order of their index; entries, journals and third
    parties are joined for the page's own lines only. Joined first, PostgreSQL read every entry of the tenant.
    """
    avant, solde, rang = 0, ouverture, 0
    while rang < len(jours) and avant + jours[rang].nombre <= saut:
        avant += jours[rang].nombre
        solde += jours[rang].debit - jours[rang].credit
        rang += 1
    if rang == len(jours):
        return []
    premier, dernier, lues = jours[rang], rang, avant + jours[rang].nombre
    while lues < saut + taille and dernier + 1 < len(jours):
        dernier += 1
        lues += jours[dernier].nombre
    entre = (premier.jour, jours[dernier].jour)
    ecartees = Ecriture.objects.filter(date_ecriture__range=entre).exclude(statut__in=statuts)
    ordre = ("jour", "ecriture_id", "ordre")
    fenetre = Window(Sum(F("montant_debit") - F("montant_credit")), order_by=[F(nom).asc() for nom in ordre])
    cumuls = dict(
        lignes.filter(jour__range=entre)
        .exclude(ecriture_id__in=ecartees.values("id"))
        .annotate(cumul=fenetre)
        .order_by(*ordre)
        .values_list("id", "cumul")[saut - avant : saut - avant + taille]
    )
    montrees = LigneEcriture.objects.select_related("ecriture__journal", "compte", "tiers").in_bulk(list(cumuls))
    return [LigneGrandLivre(montrees[pk], solde + cumul) for pk, cumul in cumuls.items()]


def en_page(livre: GrandLivre) -> Page[LigneGrandLivre]:
    """The ledger's page as the lists' pagination draws it; it reads nothing."""
    paginator: Paginator[LigneGrandLivre] = Paginator(range(livre.nombre), livre.par_page)
    return paginator.page(livre.page)
