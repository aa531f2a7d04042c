"""Verifications that nobody waits for: each night, and those that a person asked of a long chain."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task

from apps.fiscal.services.check_chain import check_chain
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope

logger = logging.getLogger(__name__)


@shared_task
def verify_every_chain() -> int:
    """Ask for the verification of every tenant's chain, one task each; return how many."""
    tenants = list(TenantRegistry.objects.order_by("slug").values_list("tenant_id", flat=True))
    for tenant_id in tenants:
        verify_one_chain.delay(str(tenant_id))
    return len(tenants)


@shared_task
def verify_one_chain(tenant_id: str, user_id: str | None = None, label: str = "", role: str = "") -> bool:
    """Verify one chain and keep the result; for a person when `user_id` is given, else for the system.

    Run twice it verifies twice: each result stands. A broken chain is logged as an error.
    """
    acteur = Acteur(ActorKind.USER, UUID(user_id), label, role=role) if user_id else SYSTEM
    with scope(UUID(tenant_id)):
        check = check_chain(acteur=acteur)
    if not check.holds:
        logger.error(
            "the fiscal chain of tenant %s is broken: %d anomalies, first %s",
            tenant_id,
            check.anomalies_found,
            check.first_anomaly,
        )
    return check.holds
