"""The reads that screens, exports and other apps share."""

from apps.comptabilite.grand_livre.selectors.attentes import LigneApercu, apercu, attentes, nombre_en_attente
from apps.comptabilite.grand_livre.selectors.balance import Balance, LigneBalance, balance
from apps.comptabilite.grand_livre.selectors.comptes import comptes
from apps.comptabilite.grand_livre.selectors.ecritures import (
    Centralisation,
    TotalDevise,
    avec_lignes,
    centralisation,
    ecriture_avec_lignes,
    ecritures,
    ecritures_de_la_source,
    ecritures_du_fait,
    nombre_a_valider,
    sans_ecriture,
    totaux_des_ecritures,
    totaux_par_devise,
    traces_du_fait,
)
from apps.comptabilite.grand_livre.selectors.grand_livre import GrandLivre, LigneGrandLivre, en_page, grand_livre
from apps.comptabilite.grand_livre.selectors.totaux import EcartTotal, ecarts_totaux

__all__ = [
    "Balance",
    "Centralisation",
    "EcartTotal",
    "GrandLivre",
    "LigneApercu",
    "LigneBalance",
    "LigneGrandLivre",
    "TotalDevise",
    "apercu",
    "attentes",
    "avec_lignes",
    "balance",
    "centralisation",
    "comptes",
    "ecarts_totaux",
    "ecriture_avec_lignes",
    "ecritures",
    "ecritures_de_la_source",
    "ecritures_du_fait",
    "en_page",
    "grand_livre",
    "nombre_a_valider",
    "nombre_en_attente",
    "sans_ecriture",
    "totaux_des_ecritures",
    "totaux_par_devise",
    "traces_du_fait",
]
