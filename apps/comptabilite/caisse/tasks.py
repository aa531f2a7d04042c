"""What workers do for the till."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.db import transaction

from apps.comptabilite.caisse.models import RepriseCaisse
from apps.comptabilite.caisse.reprise.travail import conduire, laissees
from apps.socle.tenants import each_tenant


@shared_task
def conduire_reprise(tenant_id: str, reprise_id: str) -> None:
    """Control a takeover handed over at the screen, or run it once it is started."""
    conduire(UUID(tenant_id), UUID(reprise_id))


@shared_task
def relancer_reprises() -> int:
    """Knock again for takeovers whose worker is gone, in every tenant; return how many."""
    nombre = 0
    for registre in each_tenant():
        for reprise_id in laissees():
            conduire_reprise.delay(str(registre.tenant_id), str(reprise_id))
            nombre += 1
    return nombre


def confier(reprise: RepriseCaisse) -> None:
    """Hand a takeover to a worker once the transaction is committed; where the broker is away, beat will knock."""
    arguments = str(reprise.tenant_id), str(reprise.pk)
    transaction.on_commit(lambda: conduire_reprise.delay(*arguments), robust=True)
