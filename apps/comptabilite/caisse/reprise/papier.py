"""What the paper till says, typed: its lines, its payments, its receipts; and what is refused of it. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from apps.comptabilite.caisse.choices import FichierPapier, IssueLigne

VALEUR_MAXIMUM = 100
"""Characters of a refused value that the report repeats."""


@dataclass(frozen=True)
class Refus:
    """A row of which the report speaks. `valeur` is shortened, and never a card number."""

    fichier: FichierPapier
    ligne: int
    colonne: str
    motif: str
    code: str
    recu: str = ""
    valeur: str = ""
    issue: IssueLigne = IssueLigne.REFUSEE


@dataclass(frozen=True)
class LigneDeRecette:
    """One act or product of a receipt; amounts in the tenant's currency, `date_heure` local and naive."""

    ligne: int
    recu: str
    date_heure: datetime
    caisse: str
    caissier: str
    patient_numero: str
    patient_nom: str
    patient_prenom: str
    patient_telephone: str
    type_recette: str
    code: str
    libelle: str
    quantite: Decimal
    prix_unitaire: Decimal
    montant: Decimal
    donnees: dict[str, str] = field(compare=False)
    rang: int = 1

    @property
    def jour(self) -> date:
        return self.date_heure.date()

    @property
    def empreinte(self) -> str:
        """What makes it the same line of the same receipt, whichever file brings it; `rang` tells twins of a receipt apart."""
        return _empreinte("R", self.recu, self.type_recette, self.code, self.quantite, self.prix_unitaire, self.rang)


@dataclass(frozen=True)
class Encaissement:
    """One payment of a receipt; `detail` is the operator, the terminal or the bank, by means."""

    ligne: int
    recu: str
    date_heure: datetime
    caisse: str
    caissier: str
    mode: str
    montant: Decimal
    reference: str
    detail: str
    payeur: str
    donnees: dict[str, str] = field(compare=False)
    rang: int = 1

    @property
    def jour(self) -> date:
        return self.date_heure.date()

    @property
    def empreinte(self) -> str:
        """What makes it the same payment of the same receipt, whichever file brings it."""
        return _empreinte(
            "E", self.recu, self.date_heure.isoformat(), self.mode, self.montant, self.reference, self.rang
        )


def _empreinte(*parties: object) -> str:
    textes = [f"{x.normalize():f}" if isinstance(x, Decimal) else str(x) for x in parties]
    return hashlib.sha256("\x1f".join(textes).encode()).hexdigest()


@dataclass
class Recu:
    """A paper receipt: its lines and its payments that are good, in the order of the files."""

    numero: str
    lignes: list[LigneDeRecette] = field(default_factory=list)
    encaissements: list[Encaissement] = field(default_factory=list)

    @property
    def montant(self) -> Decimal:
        """What its lines come to, in the tenant's currency."""
        return sum((ligne.montant for ligne in self.lignes), Decimal(0))
