"""What a door hands to the till's services: typed, checked by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class LigneSaisie:
    """An act or product by its code; without `prix`, the tariff in force on the day of care.

    `libelle` and `type_recette` are the takeover actor's, where the paper says otherwise than the tariff.
    """

    code: str
    quantite: Decimal = Decimal(1)
    prix: Decimal | None = None
    libelle: str = ""
    type_recette: str = ""


@dataclass(frozen=True)
class PaiementSaisi:
    """A payment. `recu` is the cash handed over (the change is worked out); the rest by means:

    CHEQUE reference (its number), banque, titulaire, date; VIREMENT reference, banque, date, compte_source;
    CARTE reference, carte (four last digits), terminal; MOBILE reference, operateur, payeur (phone number).
    """

    moyen: str
    montant: Decimal
    recu: Decimal | None = None
    reference: str = ""
    banque: str = ""
    titulaire: str = ""
    date: date | None = None
    compte_source: str = ""
    carte: str = ""
    terminal: str = ""
    operateur: str = ""
    payeur: str = ""
