"""From the lines of a fact to accounts and journals: a pure computation, without database.

A rule names a fact type and a role, and may narrow itself by criteria (means, operator, till, bank
account, service, type of revenue, tax). An empty criterion accepts anything. Of the rules that accept
a line on a day, the most specific wins, in a total order:

1. the rule with more criteria;
2. at the same number, the rule that names the first criterion of `CRITERES` that the other does not:
   a bank account or a till is a narrower thing than a means of payment.

Two rules with the same criteria names that both accept one line have the same values: one key. Two
rules of one key on one day are refused when the rule is saved, so the order never ties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

# From the narrowest to the widest: the order that settles rules with as many criteria.
CRITERES: tuple[str, ...] = ("compte_bancaire", "caisse", "operateur", "service", "taxe", "type_recette", "moyen")

ZERO = Decimal(0)


class Sens(StrEnum):
    DEBIT = "DEBIT"
    CREDIT = "CREDIT"


class MotifAttente(StrEnum):
    """Why a fact could not be posted."""

    SANS_REGLE = "SANS_REGLE"
    COMPTE_FERME = "COMPTE_FERME"
    DESEQUILIBRE = "DESEQUILIBRE"
    SANS_PERIODE = "SANS_PERIODE"


class RegleAmbigue(ValueError):
    """Two rules of one key accept the same line on the same day."""


@dataclass(frozen=True)
class Regle:
    """One imputation rule; `compte` and `journal` are the ids that the posting needs.

    A rule whose account or journal takes no entry any more (`utilisable` false) is still the one that
    was chosen: the fact waits, and does not fall back on a wider rule.
    """

    id: UUID
    type_fait: str
    role: str
    sens: Sens
    compte: UUID
    journal: UUID
    criteres: Mapping[str, str] = field(default_factory=dict)
    valide_du: date | None = None
    valide_au: date | None = None
    utilisable: bool = True

    def accepte(self, type_fait: str, role: str, criteres: Mapping[str, str], jour: date) -> bool:
        """Whether this rule may impute a line of that fact, role and criteria on that day."""
        return (
            self.type_fait == type_fait
            and self.role == role
            and (self.valide_du is None or self.valide_du <= jour)
            and (self.valide_au is None or jour <= self.valide_au)
            and all(criteres.get(nom) == valeur for nom, valeur in self.criteres.items())
        )


@dataclass(frozen=True)
class LigneDeFait:
    """One line of a fact: its role, its amount (≥ 0, in the fact's currency) and its criteria."""

    role: str
    montant: Decimal
    libelle: str = ""
    criteres: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LigneImputee:
    compte: UUID
    sens: Sens
    montant: Decimal
    libelle: str
    regle: UUID

    @property
    def debit(self) -> Decimal:
        return self.montant if self.sens is Sens.DEBIT else ZERO

    @property
    def credit(self) -> Decimal:
        return self.montant if self.sens is Sens.CREDIT else ZERO


@dataclass(frozen=True)
class EcritureImputee:
    """A balanced entry of one journal: debits first, then credits, each in the order of the fact."""

    journal: UUID
    lignes: tuple[LigneImputee, ...]

    @property
    def montant(self) -> Decimal:
        """The total of the debits, which is the total of the credits."""
        return sum((ligne.debit for ligne in self.lignes), ZERO)


@dataclass(frozen=True)
class Manque:
    """What stopped the posting: a role without a rule that can serve, or a journal whose sides differ."""

    motif: MotifAttente
    role: str = ""
    criteres: Mapping[str, str] = field(default_factory=dict)
    montant: Decimal = ZERO
    journal: UUID | None = None


@dataclass(frozen=True)
class Imputation:
    """The entries of a fact, or what is missing; never both, so that a fact is posted whole or waits."""

    ecritures: tuple[EcritureImputee, ...] = ()
    manques: tuple[Manque, ...] = ()


def normaliser_criteres(criteres: Mapping[str, object]) -> dict[str, str]:
    """Criteria as they are compared: known names, trimmed text, no empty value, a rate as "19.25".

    Raises ValueError for a name that no rule could ever match: a misspelt criterion must not be lost.
    """
    inconnus = set(criteres) - set(CRITERES)
    if inconnus:
        raise ValueError(f"unknown criteria: {', '.join(sorted(inconnus))}")
    textes = {nom: str(valeur).strip() for nom, valeur in criteres.items() if valeur is not None}
    return {nom: _taux(texte) if nom == "taxe" else texte for nom, texte in textes.items() if texte}


def _taux(texte: str) -> str:
    try:
        taux = Decimal(texte)
    except InvalidOperation:
        return texte
    return format(taux.normalize(), "f") if taux.is_finite() else texte


def specificite(criteres: Iterable[str]) -> tuple[int, tuple[bool, ...]]:
    """Rank of a set of criteria names; two different sets never rank equal."""
    noms = set(criteres)
    return len(noms), tuple(nom in noms for nom in CRITERES)


def choisir(regles: Iterable[Regle], type_fait: str, ligne: LigneDeFait, jour: date) -> Regle | None:
    """The most specific rule that accepts the line, or None. Raises RegleAmbigue for two of one key."""
    criteres = normaliser_criteres(ligne.criteres)
    acceptees = [regle for regle in regles if regle.accepte(type_fait, ligne.role, criteres, jour)]
    if not acceptees:
        return None
    rang = max(specificite(regle.criteres) for regle in acceptees)
    premieres = [regle for regle in acceptees if specificite(regle.criteres) == rang]
    if len(premieres) > 1:
        raise RegleAmbigue(f"{type_fait}/{ligne.role}: {len(premieres)} rules of one key on {jour.isoformat()}")
    return premieres[0]


def imputer(type_fait: str, jour: date, lignes: Sequence[LigneDeFait], regles: Sequence[Regle]) -> Imputation:
    """Accounts and journals of a fact's lines.

    Lines of zero make no ledger line, and need no rule. Returns balanced entries, one a journal in the
    order in which the fact meets them, or, when a rule is missing or a journal's sides differ, only
    what is missing. Raises ValueError for a negative amount: a fact reverses by its roles, not its sign.
    """
    par_journal: defaultdict[UUID, list[LigneImputee]] = defaultdict(list)
    manques: list[Manque] = []
    for ligne in lignes:
        if ligne.montant < 0:
            raise ValueError(f"{type_fait}/{ligne.role}: negative amount")
        if ligne.montant == 0:
            continue
        regle = choisir(regles, type_fait, ligne, jour)
        if regle is None or not regle.utilisable:
            motif = MotifAttente.SANS_REGLE if regle is None else MotifAttente.COMPTE_FERME
            manques.append(Manque(motif, ligne.role, normaliser_criteres(ligne.criteres), ligne.montant))
            continue
        par_journal[regle.journal].append(
            LigneImputee(regle.compte, regle.sens, ligne.montant, ligne.libelle, regle.id)
        )
    manques = manques or _desequilibres(par_journal)
    if manques:
        return Imputation(manques=tuple(manques))
    return Imputation(ecritures=tuple(_ecriture(journal, imputees) for journal, imputees in par_journal.items()))


def _desequilibres(par_journal: Mapping[UUID, list[LigneImputee]]) -> list[Manque]:
    ecarts = {
        journal: sum((ligne.debit - ligne.credit for ligne in lignes), ZERO) for journal, lignes in par_journal.items()
    }
    return [
        Manque(MotifAttente.DESEQUILIBRE, montant=ecart, journal=journal) for journal, ecart in ecarts.items() if ecart
    ]


def _ecriture(journal: UUID, lignes: list[LigneImputee]) -> EcritureImputee:
    return EcritureImputee(journal, tuple(sorted(lignes, key=lambda ligne: ligne.sens is Sens.CREDIT)))
