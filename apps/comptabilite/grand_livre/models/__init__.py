from apps.comptabilite.grand_livre.models.attente import ImputationEnAttente
from apps.comptabilite.grand_livre.models.compte import CompteComptable
from apps.comptabilite.grand_livre.models.ecriture import Ecriture, LigneEcriture, TotalCompte
from apps.comptabilite.grand_livre.models.exercice import Exercice, Periode
from apps.comptabilite.grand_livre.models.journal import Journal
from apps.comptabilite.grand_livre.models.regle import RegleImputation

__all__ = [
    "CompteComptable",
    "Ecriture",
    "Exercice",
    "ImputationEnAttente",
    "Journal",
    "LigneEcriture",
    "Periode",
    "RegleImputation",
    "TotalCompte",
]
