"""Celery finds the tasks of both rooms here."""

from apps.comptabilite.caisse.tasks import conduire_reprise, relancer_reprises
from apps.comptabilite.grand_livre.tasks import verifier_totaux

__all__ = ["conduire_reprise", "relancer_reprises", "verifier_totaux"]
