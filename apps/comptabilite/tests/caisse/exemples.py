"""Snapshots of receipts, as `caisse.instantane` freezes them, for the tests of the paper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

SOINS = "Exonéré de TVA, article 128 (6) du CGI"
MEDICAMENTS = "Exonéré de TVA, article 128 (7) du CGI"


def ligne(libelle: str, quantite: int, prix: int, exoneration: str = SOINS, taux: str = "0") -> dict[str, Any]:
    return {
        "code": "X",
        "libelle": libelle,
        "quantite": str(quantite),
        "prix_unitaire": str(prix),
        "montant": str(quantite * prix),
        "taux": taux,
        "exoneration": exoneration,
    }


def donnees(**autres: Any) -> dict[str, Any]:
    """The receipt of the mock-up: six lines, mobile money and cash, nothing left to pay."""
    lignes = autres.pop("lignes", None) or [
        ligne("Consultation spécialiste (cardiologie)", 1, 12000),
        ligne("Numération formule sanguine", 1, 5000),
        ligne("Goutte épaisse", 1, 1500),
        ligne("Échographie abdominale", 1, 15000),
        ligne("Paracétamol 500 mg, boîte", 2, 750, MEDICAMENTS),
        ligne("Amoxicilline 500 mg, boîte", 2, 1850, MEDICAMENTS),
    ]
    total = str(sum(Decimal(une["montant"]) for une in lignes))
    return {
        "version": 1,
        "fuseau": "Africa/Douala",
        "devise": "XAF",
        "numero": "QUIT-2026-04817",
        "date": "2026-11-20T09:44:00+00:00",
        "code": "7K3M-9F2P-XD41",
        "motif": "",
        "hopital": {
            "nom": "Hôpital Sainte-Odile",
            "lignes": [
                "Rue Drouot, Akwa, BP 4210 Douala, Cameroun",
                "Tél. 2 33 42 18 60 · caisse@sainte-odile.example",
                "NIU M081712345678A · RCCM RC/DLA/2017/B/1234",
            ],
        },
        "patient": {
            "nom": "Mbarga Nkoulou Solange",
            "numero": "PAT-00412",
            "date_naissance": "1992-03-14",
            "sexe": "F",
        },
        "facture": {
            "numero": "FAC-2026-04827",
            "date": "2026-11-20",
            "total_ht": total,
            "total_taxe": "0",
            "total_ttc": total,
        },
        "caissier": "Amina Ngo Bassong",
        "caisse": {"code": "C1", "libelle": "Caisse C1"},
        "lignes": lignes,
        "paiements": [
            {
                "moyen": "MOBILE",
                "libelle": "MTN MoMo",
                "reference": "MT20261120004410",
                "montant": "20000",
                "recu": None,
                "rendu": None,
            },
            {
                "moyen": "ESPECES",
                "libelle": "Espèces",
                "reference": "",
                "montant": "18700",
                "recu": "20000",
                "rendu": "1300",
            },
        ],
        "montant": total,
        "deja_regle": "0",
        "reste_du": "0",
        **autres,
    }
