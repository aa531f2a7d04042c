"""The balance: opening, movements, closing of each account between two days, from the kept totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from apps.comptabilite.grand_livre.choices import SensNormal
from apps.comptabilite.grand_livre.models import CompteComptable, Exercice, TotalCompte
from apps.comptabilite.grand_livre.transitions import POSTEES

CLASSES_DE_GESTION = ("6", "7", "8")
ZERO = Decimal(0)


@dataclass(frozen=True)
class LigneBalance:
    """An account's six columns; a heading's are the sums of its sub-accounts'."""

    numero: str
    numero_affiche: str
    libelle: str
    compte_id: UUID | None = None
    imputable: bool = True
    sens_normal: str = SensNormal.MIXTE
    ouverture_debit: Decimal = ZERO
    ouverture_credit: Decimal = ZERO
    mouvement_debit: Decimal = ZERO
    mouvement_credit: Decimal = ZERO
    cloture_debit: Decimal = ZERO
    cloture_credit: Decimal = ZERO

    @property
    def niveau(self) -> int:
        return len(self.numero)

    @property
    def anormale(self) -> bool:
        """Whether the closing balance stands on the side where this account's never should."""
        if not self.imputable:
            return False
        return bool(
            (self.sens_normal == SensNormal.DEBIT and self.cloture_credit)
            or (self.sens_normal == SensNormal.CREDIT and self.cloture_debit)
        )

    def plus(self, autre: LigneBalance) -> LigneBalance:
        return replace(self, **{nom: getattr(self, nom) + getattr(autre, nom) for nom in COLONNES})


COLONNES = (
    "ouverture_debit",
    "ouverture_credit",
    "mouvement_debit",
    "mouvement_credit",
    "cloture_debit",
    "cloture_credit",
)


@dataclass(frozen=True)
class Balance:
    """The balance of a tenant in one currency; `total` sums the accounts, not their headings."""

    debut: date
    fin: date
    devise: str
    statuts: tuple[str, ...]
    lignes: list[LigneBalance] = field(default_factory=list)
    total: LigneBalance = field(default_factory=lambda: LigneBalance("", "", ""))

    @property
    def est_equilibree(self) -> bool:
        total = self.total
        return (
            total.ouverture_debit == total.ouverture_credit
            and total.mouvement_debit == total.mouvement_credit
            and total.cloture_debit == total.cloture_credit
        )


def balance(debut: date, fin: date, statuts: Sequence[str] = POSTEES, *, devise: str) -> Balance:
    """The balance from `debut` to `fin`, both included, in `devise`, of entries in `statuts`.

    Accounts of classes 6 to 8 begin each exercise at zero; what earlier exercises left there and no entry
    has yet allocated is one line of its own (13), so that the opening columns agree.
    """
    sommes = _sommes(debut, fin, statuts, devise)
    comptes = {compte.id: compte for compte in CompteComptable.objects.filter(id__in=sommes)}
    feuilles = [_ligne(comptes[pk], somme) for pk, somme in sommes.items()]
    report = sum((s["anterieur_debit"] - s["anterieur_credit"] for s in sommes.values()), ZERO)
    feuilles = [ligne for ligne in feuilles if any(getattr(ligne, nom) for nom in COLONNES)]
    if report:
        feuilles.append(_resultat_anterieur(report))
    lignes = sorted([*feuilles, *_titres(feuilles)], key=lambda ligne: (ligne.numero, ligne.imputable))
    total = LigneBalance("", "", "")
    for feuille in feuilles:
        total = total.plus(feuille)
    return Balance(debut, fin, devise, tuple(statuts), lignes, total)


def _sommes(debut: date, fin: date, statuts: Sequence[str], devise: str) -> dict[UUID, dict[str, Any]]:
    """Sums by account: before the exercise (6 to 8 only), before `debut`, and between the two days."""
    premier = Exercice.objects.filter(debut__lte=debut, fin__gte=debut).values_list("debut", flat=True).first() or debut
    gestion = Q(compte__classe__in=CLASSES_DE_GESTION)
    parts = {
        "anterieur": gestion & Q(jour__lt=premier),
        "ouverture": Q(jour__lt=debut) & (~gestion | Q(jour__gte=premier)),
        "mouvement": Q(jour__gte=debut),
    }
    aggregats = {
        f"{part}_{cote}": Sum(cote, filter=filtre, default=ZERO)
        for part, filtre in parts.items()
        for cote in ("debit", "credit")
    }
    totaux = TotalCompte.objects.filter(jour__lte=fin, statut__in=statuts, devise=devise)
    return {somme.pop("compte_id"): somme for somme in totaux.values("compte_id").annotate(**aggregats)}


def _cotes(solde: Decimal) -> tuple[Decimal, Decimal]:
    """A balance as two columns: debit, credit."""
    return max(solde, ZERO), max(-solde, ZERO)


def _ligne(compte: CompteComptable, somme: dict[str, Decimal]) -> LigneBalance:
    ouverture = somme["ouverture_debit"] - somme["ouverture_credit"]
    cloture = ouverture + somme["mouvement_debit"] - somme["mouvement_credit"]
    return LigneBalance(
        compte.numero,
        compte.numero_affiche,
        compte.libelle,
        compte.id,
        True,
        compte.sens_normal,
        *_cotes(ouverture),
        somme["mouvement_debit"],
        somme["mouvement_credit"],
        *_cotes(cloture),
    )


def _resultat_anterieur(solde: Decimal) -> LigneBalance:
    """Results of earlier exercises that no entry has allocated yet."""
    libelle = _("Résultat des exercices antérieurs, non affecté")
    return LigneBalance("13", "13", libelle, None, True, SensNormal.MIXTE, *_cotes(solde), ZERO, ZERO, *_cotes(solde))


def _titres(feuilles: Iterable[LigneBalance]) -> list[LigneBalance]:
    """The headings above the accounts that moved, with their sums."""
    feuilles = list(feuilles)
    prefixes = {feuille.numero[:taille] for feuille in feuilles for taille in range(1, len(feuille.numero))}
    titres = [
        LigneBalance(compte.numero, compte.numero_affiche, compte.libelle, compte.id, False)
        for compte in CompteComptable.objects.filter(numero__in=prefixes, imputable=False)
    ]
    for rang, titre in enumerate(titres):
        for feuille in feuilles:
            if feuille.numero.startswith(titre.numero) and feuille.numero != titre.numero:
                titres[rang] = titres[rang].plus(feuille)
    return titres
