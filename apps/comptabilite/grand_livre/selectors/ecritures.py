"""Entries: lists, one with its lines, those of a fact or of a document."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.comptabilite.grand_livre.transitions import A_VALIDER, ECRITURE, EN_ATTENTE, POSTEES
from apps.socle.facts import Trace


def ecritures(
    *,
    debut: date | None = None,
    fin: date | None = None,
    journal: str = "",
    statut: str = "",
    texte: str = "",
    clos_du: date | None = None,
    clos_au: date | None = None,
) -> QuerySet[Ecriture]:
    """Entries, latest first, with their journal. `journal` is a code, `texte` part of a number, voucher or label.

    `clos_du` and `clos_au` are fiscal days, both included, of the links that the entries' facts left.
    """
    filtre = Q()
    if debut:
        filtre &= Q(date_ecriture__gte=debut)
    if fin:
        filtre &= Q(date_ecriture__lte=fin)
    if journal:
        filtre &= Q(journal__code=journal)
    if statut:
        filtre &= Q(statut=statut)
    if clos_du:
        filtre &= Q(fait__fiscal_entry__fiscal_date__gte=clos_du)
    if clos_au:
        filtre &= Q(fait__fiscal_entry__fiscal_date__lte=clos_au)
    if texte:
        filtre &= (
            Q(numero_ecriture__icontains=texte) | Q(piece_justificative__icontains=texte) | Q(libelle__icontains=texte)
        )
    return Ecriture.objects.filter(filtre).select_related("journal").order_by("-date_ecriture", "-id")


def sans_ecriture() -> bool:
    """Tell whether nothing was ever posted here."""
    return not Ecriture.objects.exists()


def ecriture_avec_lignes(ecriture_id: UUID) -> Ecriture:
    """One entry with journal, fact and lines in order. Raises Ecriture.DoesNotExist."""
    return (
        Ecriture.objects.select_related("journal", "periode", "fait", "comptable")
        .prefetch_related(_lignes())
        .get(pk=ecriture_id)
    )


def ecritures_du_fait(fait_id: UUID) -> QuerySet[Ecriture]:
    """The entries that a fact made, with their lines."""
    return avec_lignes(Ecriture.objects.filter(fait_id=fait_id).order_by("id"))


def ecritures_de_la_source(source_type: str, source_id: UUID) -> QuerySet[Ecriture]:
    """The entries that a document made (`comptabilite.Quittance` and its id), with their lines."""
    return avec_lignes(Ecriture.objects.filter(fait__source_type=source_type, fait__source_id=source_id).order_by("id"))


def avec_lignes(requete: QuerySet[Ecriture]) -> QuerySet[Ecriture]:
    """The same entries in the same order, with their journal, lines, accounts and third parties."""
    return requete.select_related("journal").prefetch_related(_lignes())


def _lignes() -> Prefetch:
    return Prefetch("lignes", LigneEcriture.objects.select_related("compte", "tiers").order_by("ordre"))


def nombre_a_valider() -> int:
    """How many entries wait for an accountant."""
    return Ecriture.objects.filter(statut=A_VALIDER).count()


@dataclass(frozen=True)
class Centralisation:
    """A month of a journal: entries and the total of their debits, in `devise`."""

    mois: date
    code: str
    libelle: str
    devise: str
    nombre: int
    montant: Decimal

    @property
    def dernier_jour(self) -> date:
        return self.mois.replace(day=monthrange(self.mois.year, self.mois.month)[1])


def centralisation(debut: date, fin: date, statuts: Sequence[str] = POSTEES) -> list[Centralisation]:
    """Each journal's months between two days, drafts apart: the journal centralisateur."""
    groupes: QuerySet[Any] = (
        Ecriture.objects.filter(date_ecriture__range=(debut, fin), statut__in=statuts)
        .annotate(mois=TruncMonth("date_ecriture"))
        .values("mois", "journal__code", "journal__libelle", "devise")
        .annotate(nombre=Count("id"), total=Sum("montant"))
        .order_by("mois", "journal__code", "devise")
    )
    return [
        Centralisation(g["mois"], g["journal__code"], g["journal__libelle"], g["devise"], g["nombre"], g["total"])
        for g in groupes
    ]


@dataclass(frozen=True)
class TotalDevise:
    """How many entries, for how much, in one currency."""

    devise: str
    nombre: int
    montant: Decimal


def totaux_des_ecritures(requete: QuerySet[Ecriture]) -> list[TotalDevise]:
    """What all the entries of a list come to, whatever its pages, a line each currency."""
    groupes: QuerySet[Any] = (
        requete.order_by().values("devise").annotate(nombre=Count("id"), total=Sum("montant")).order_by("devise")
    )
    return [TotalDevise(g["devise"], g["nombre"], g["total"]) for g in groupes]


def totaux_par_devise(lignes: Iterable[Centralisation]) -> list[TotalDevise]:
    """What the months of the journals come to, a line each currency."""
    totaux: dict[str, TotalDevise] = {}
    for ligne in lignes:
        avant = totaux.get(ligne.devise, TotalDevise(ligne.devise, 0, Decimal(0)))
        totaux[ligne.devise] = TotalDevise(ligne.devise, avant.nombre + ligne.nombre, avant.montant + ligne.montant)
    return [totaux[devise] for devise in sorted(totaux)]


def traces_du_fait(fait_id: UUID) -> list[Trace]:
    """What the ledger made of a fact, for the screens of its document: its entries, or that it waits."""
    ecritures = Ecriture.objects.filter(fait_id=fait_id).select_related("journal").order_by("id")
    traces = [
        Trace(
            _("Écriture"),
            e.numero_ecriture or f"{e.journal.code} {e.piece_justificative}".strip(),
            reverse("grand_livre:ecriture", args=[e.id]),
            "comptabilite.view_ecriture",
            ECRITURE.label(e.statut),
        )
        for e in ecritures
    ]
    attente = ImputationEnAttente.objects.filter(fait_id=fait_id, statut=EN_ATTENTE).first()
    if attente:
        lieu = reverse("grand_livre:imputation", args=[attente.id])
        droit = "comptabilite.view_imputationenattente"
        traces.append(Trace(_("Écriture"), _("Imputation en attente"), lieu, droit, attente.get_motif_display()))
    return traces
