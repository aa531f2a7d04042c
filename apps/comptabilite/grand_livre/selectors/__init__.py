"""The reads that screens, exports and other apps share."""

from apps.comptabilite.grand_livre.selectors.attentes import attentes, nombre_en_attente
from apps.comptabilite.grand_livre.selectors.balance import Balance, LigneBalance, balance
from apps.comptabilite.grand_livre.selectors.comptes import derniere_utilisation, solde_du_compte
from apps.comptabilite.grand_livre.selectors.ecritures import (
    POSTEES,
    centralisation,
    ecriture_avec_lignes,
    ecritures,
    ecritures_de_la_source,
    ecritures_du_fait,
    nombre_a_valider,
)
from apps.comptabilite.grand_livre.selectors.grand_livre import GrandLivre, LigneGrandLivre, grand_livre
from apps.comptabilite.grand_livre.selectors.totaux import EcartTotal, ecarts_totaux

__all__ = [
    "POSTEES",
    "Balance",
    "EcartTotal",
    "GrandLivre",
    "LigneBalance",
    "LigneGrandLivre",
    "attentes",
    "balance",
    "centralisation",
    "derniere_utilisation",
    "ecarts_totaux",
    "ecriture_avec_lignes",
    "ecritures",
    "ecritures_de_la_source",
    "ecritures_du_fait",
    "grand_livre",
    "nombre_a_valider",
    "nombre_en_attente",
    "solde_du_compte",
]
