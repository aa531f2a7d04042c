"""The paper till's first days, as typed rows: who paid what for which acts, when and how.

`recettes.csv` holds one line an act, `encaissements.csv` one line a payment; both `;`, UTF-8, amounts
in XAF without decimals, local times. A receipt (`recu_papier`) may mix types of revenue and means.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
ICI = Path(__file__).resolve().parent


class LigneIllisible(ValueError):
    """A row that cannot be read: names the file and the line."""


@dataclass(frozen=True)
class LigneDeRecette:
    """One act or product of a receipt; amounts in XAF."""

    type_recette: str
    code: str
    libelle: str
    quantite: Decimal
    prix_unitaire: Decimal
    montant: Decimal


@dataclass(frozen=True)
class Encaissement:
    """One payment of a receipt, in XAF; `detail` is the operator, the terminal or the bank."""

    date_heure: datetime
    mode: str
    montant: Decimal
    reference: str
    detail: str
    payeur: str


@dataclass(frozen=True)
class Recu:
    """A paper receipt: its patient, its lines and its payments; `date_heure` is the hospital's local time, naive."""

    numero: str
    date_heure: datetime
    caisse: str
    caissier: str
    patient_numero: str
    patient_nom: str
    patient_prenom: str
    patient_telephone: str
    lignes: tuple[LigneDeRecette, ...]
    encaissements: tuple[Encaissement, ...]

    @property
    def jour(self) -> date:
        return self.date_heure.date()

    @property
    def montant(self) -> Decimal:
        return sum((ligne.montant for ligne in self.lignes), Decimal(0))


def lire_recus(dossier: Path = ICI) -> list[Recu]:
    """Return the receipts of `dossier` in the order of their time. Raises LigneIllisible."""
    encaissements: dict[str, list[Encaissement]] = defaultdict(list)
    for rang, ligne in _lignes(dossier / "encaissements.csv"):
        encaissements[ligne["recu_papier"]].append(_lire(_encaissement, ligne, "encaissements.csv", rang))
    recettes: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
    for rang, ligne in _lignes(dossier / "recettes.csv"):
        recettes[ligne["recu_papier"]].append((rang, ligne))
    orphelins = encaissements.keys() - recettes.keys()
    if orphelins:
        raise LigneIllisible(f"encaissements.csv: no receipt for {', '.join(sorted(orphelins))}")
    recus = [_recu(lignes, encaissements[numero]) for numero, lignes in recettes.items()]
    return sorted(recus, key=lambda recu: (recu.date_heure, recu.numero))


def _lignes(chemin: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with chemin.open(encoding="utf-8", newline="") as fichier:
        yield from enumerate(csv.DictReader(fichier, delimiter=";"), 2)


def _lire(lecture: Callable[[dict[str, str]], T], ligne: dict[str, str], fichier: str, rang: int) -> T:
    try:
        return lecture(ligne)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise LigneIllisible(f"{fichier}, line {rang}: {error}") from error


def _montant(texte: str) -> Decimal:
    montant = Decimal(texte)
    if montant < 0 or montant != montant.to_integral_value():
        raise ValueError(f"{texte!r} is not an amount in XAF")
    return montant


def _encaissement(ligne: dict[str, str]) -> Encaissement:
    return Encaissement(
        date_heure=datetime.fromisoformat(ligne["date_heure"]),
        mode=ligne["mode_paiement"],
        montant=_montant(ligne["montant"]),
        reference=ligne["reference"],
        detail=ligne["detail"],
        payeur=ligne["payeur"],
    )


def _ligne_de_recette(ligne: dict[str, str]) -> LigneDeRecette:
    lue = LigneDeRecette(
        type_recette=ligne["type_recette"],
        code=ligne["code_acte"],
        libelle=ligne["libelle"],
        quantite=_montant(ligne["quantite"]),
        prix_unitaire=_montant(ligne["prix_unitaire"]),
        montant=_montant(ligne["montant"]),
    )
    if lue.quantite * lue.prix_unitaire != lue.montant:
        raise ValueError(f"{lue.quantite} × {lue.prix_unitaire} is not {lue.montant}")
    return lue


def _recu(lignes: list[tuple[int, dict[str, str]]], encaissements: list[Encaissement]) -> Recu:
    rang, tete = lignes[0]
    return Recu(
        numero=tete["recu_papier"],
        date_heure=_lire(lambda ligne: datetime.fromisoformat(ligne["date_heure"]), tete, "recettes.csv", rang),
        caisse=tete["caisse"],
        caissier=tete["caissier"],
        patient_numero=tete["patient_numero"],
        patient_nom=tete["patient_nom"],
        patient_prenom=tete["patient_prenom"],
        patient_telephone=tete["patient_telephone"],
        lignes=tuple(_lire(_ligne_de_recette, ligne, "recettes.csv", rang) for rang, ligne in lignes),
        encaissements=tuple(sorted(encaissements, key=lambda paiement: paiement.date_heure)),
    )
