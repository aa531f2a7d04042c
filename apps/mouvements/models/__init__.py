from apps.mouvements.models.mouvement import MouvementFinancier
from apps.mouvements.models.solde import SoldeTiers

__all__ = ["MouvementFinancier", "SoldeTiers"]
