"""The real input that the project ships adds up to what the paper till's owner counted."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from apps.comptabilite.caisse.demo.lecture import LigneIllisible, lire_recus

TETE_R = "recu_papier;date_heure;caisse;caissier;patient_numero;patient_nom;patient_prenom;patient_telephone;type_recette;code_acte;libelle;quantite;prix_unitaire;montant"
TETE_E = "recu_papier;date_heure;caisse;caissier;mode_paiement;montant;reference;detail;payeur"
RECETTE = "P1;2026-10-01T08:54;C1;amina.caisse;PAT-1;Fotso;Gaël;699;PHARMACIE;PH-PARA;Paracétamol;3;750;2250"


def test_three_days_whole() -> None:
    recus = lire_recus()
    assert len(recus) == 319
    assert sum(len(recu.lignes) for recu in recus) == 681
    assert sum(len(recu.encaissements) for recu in recus) == 335
    par_jour: dict[date, Decimal] = defaultdict(Decimal)
    for recu in recus:
        for encaissement in recu.encaissements:
            par_jour[encaissement.date_heure.date()] += encaissement.montant
    assert par_jour == {date(2026, 10, 1): 2679485, date(2026, 10, 2): 3584145, date(2026, 10, 3): 1671300}


def test_a_receipt_has_its_lines_its_payments_and_its_patient() -> None:
    recu = next(recu for recu in lire_recus() if recu.numero == "P2610-00001")
    assert (recu.patient_numero, recu.patient_nom, recu.patient_prenom, recu.caisse) == (
        "PAT-00001",
        "Fotso",
        "Gaël",
        "C1",
    )
    assert [(ligne.code, ligne.quantite, ligne.montant) for ligne in recu.lignes] == [
        ("PH-PARA", 3, 2250),
        ("CONS-SPE", 1, 12000),
    ]
    assert recu.montant == 14250
    assert [(p.mode, p.montant, p.reference, p.detail) for p in recu.encaissements] == [
        ("MOBILE", 14250, "MT20261001000010", "MTN")
    ]


@pytest.mark.parametrize(
    ("recettes", "encaissements", "dit"),
    [
        ([RECETTE.replace(";2250", ";2251")], [], "recettes.csv, line 2"),
        ([RECETTE, RECETTE.replace("750", "7,5")], [], "recettes.csv, line 3"),
        ([RECETTE.replace("10-01T", "02-31T")], [], "recettes.csv, line 2"),
        ([RECETTE], ["P1;2026-10-01T09:00;C1;amina.caisse;ESPECES;-5;;;"], "encaissements.csv, line 2"),
        ([RECETTE], ["P2;2026-10-01T09:00;C1;amina.caisse;ESPECES;5;;;"], "no receipt for P2"),
        (["P1;2026-10-01T08:54;C1"], [], "recettes.csv, line 2"),
    ],
)
def test_an_unreadable_row_is_named(tmp_path: Path, recettes: list[str], encaissements: list[str], dit: str) -> None:
    (tmp_path / "recettes.csv").write_text("\n".join([TETE_R, *recettes]), encoding="utf-8")
    (tmp_path / "encaissements.csv").write_text("\n".join([TETE_E, *encaissements]), encoding="utf-8")
    with pytest.raises(LigneIllisible, match=dit):
        lire_recus(tmp_path)
