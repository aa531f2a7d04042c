"""What this app does at night."""

from __future__ import annotations

import logging

from celery import shared_task

from apps.mouvements.selectors import ecarts_de_solde
from apps.socle.tenants import each_tenant

logger = logging.getLogger(__name__)


@shared_task
def verifier_soldes() -> int:
    """Compare every tenant's balances with their movements; log what differs, return how many do."""
    nombre = 0
    for registre in each_tenant():
        ecarts = list(ecarts_de_solde())
        if ecarts:
            logger.error(
                "balances differ from their movements: %s, %d balances, first %s", registre.slug, len(ecarts), ecarts[0]
            )
        nombre += len(ecarts)
    return nombre
