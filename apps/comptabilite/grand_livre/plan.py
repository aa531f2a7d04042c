"""The shipped reference data: chart of accounts, hospital's sub-accounts, journals, default rules.

Pure reading of `data/*.csv`; nothing here touches the database. `data/README.md` says where each
comes from and what was changed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.comptabilite.grand_livre.imputation import CRITERES

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True)
class CompteDuPlan:
    numero: str
    libelle: str
    classe: str
    type_compte: str
    sens_normal: str
    parent: str
    imputable: bool
    collectif: bool
    actif: bool
    description: str = ""


@dataclass(frozen=True)
class JournalDuPlan:
    code: str
    libelle: str
    type: str
    compte_contrepartie: str
    description: str


@dataclass(frozen=True)
class RegleDuPlan:
    type_fait: str
    role: str
    criteres: Mapping[str, str]
    sens: str
    compte: str
    journal: str


def _lignes(nom: str) -> list[dict[str, str]]:
    with (DATA / nom).open(encoding="utf-8", newline="") as fichier:
        return list(csv.DictReader(fichier))


@cache
def plan_syscohada() -> tuple[CompteDuPlan, ...]:
    """The act's accounts, parents before children."""
    return tuple(
        CompteDuPlan(
            numero=ligne["numero"],
            libelle=ligne["libelle"],
            classe=ligne["classe"],
            type_compte=ligne["type_compte"],
            sens_normal=ligne["sens_normal"],
            parent=ligne["parent"],
            imputable=ligne["imputable"] == "1",
            collectif=ligne["collectif"] == "1",
            actif=ligne["actif"] == "1",
        )
        for ligne in _lignes("syscohada.csv")
    )


@cache
def plan_hopital() -> tuple[CompteDuPlan, ...]:
    """The act's accounts and a hospital's sub-accounts; a parent that receives one is no longer posted to.

    A sub-account takes class, type, usual side and third-party detail from its parent.
    """
    comptes = {compte.numero: compte for compte in plan_syscohada()}
    for ligne in _lignes("comptes_hopital.csv"):
        parent = comptes[ligne["parent"]]
        comptes[ligne["numero"]] = CompteDuPlan(
            numero=ligne["numero"],
            libelle=ligne["libelle"],
            classe=parent.classe,
            type_compte=parent.type_compte,
            sens_normal=parent.sens_normal,
            parent=parent.numero,
            imputable=True,
            collectif=parent.collectif,
            actif=True,
            description=ligne["description"],
        )
        comptes[parent.numero] = CompteDuPlan(**{**vars(parent), "imputable": False, "collectif": False})
    return tuple(comptes[numero] for numero in sorted(comptes))


@cache
def journaux() -> tuple[JournalDuPlan, ...]:
    return tuple(JournalDuPlan(**ligne) for ligne in _lignes("journaux.csv"))


@cache
def regles_hopital() -> tuple[RegleDuPlan, ...]:
    return tuple(
        RegleDuPlan(
            type_fait=ligne["type_fait"],
            role=ligne["role"],
            criteres={nom: ligne[nom] for nom in CRITERES if ligne[nom]},
            sens=ligne["sens"],
            compte=ligne["compte"],
            journal=ligne["journal"],
        )
        for ligne in _lignes("regles_hopital.csv")
    )
