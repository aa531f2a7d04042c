"""What the ledger does at night."""

from __future__ import annotations

import logging

from celery import shared_task

from apps.comptabilite.grand_livre.selectors import ecarts_totaux
from apps.socle.tenants import each_tenant

logger = logging.getLogger(__name__)


@shared_task
def verifier_totaux() -> int:
    """Recompute every tenant's totals from its lines; log each tenant that differs, return how many totals do."""
    nombre = 0
    for registre in each_tenant():
        ecarts = ecarts_totaux()
        if ecarts:
            logger.error(
                "ledger totals differ from their lines: %s, %d totals, first %s", registre.slug, len(ecarts), ecarts[0]
            )
            nombre += len(ecarts)
    return nombre
