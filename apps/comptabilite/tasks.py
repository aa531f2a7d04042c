"""Celery finds the tasks of both rooms here."""

from apps.comptabilite.grand_livre.tasks import verifier_totaux

__all__ = ["verifier_totaux"]
