"""What nobody waits for: verifications, each night or of a long chain, the heads that go outside, the closings."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from uuid import UUID

from celery import shared_task

from apps.fiscal.choices import AnchorStatus
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.models import FiscalAnchor, FiscalEntry
from apps.fiscal.selectors import latest_check
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.services.close_due import close_finished, finished_until, is_due
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.deliver_anchor import deliver_anchor
from apps.fiscal.survey import ChainBroken
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope
from apps.socle.tenants import each_tenant

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


@shared_task
def anchor_days() -> int:
    """Anchor, for each tenant, the head of its latest local day that has ended; return how many were new.

    Each hour, as days end by zones. A day without links has its head too, once there is a first
    link; days missed while nothing ran have one together.
    """
    made = 0
    for registry in each_tenant():
        yesterday = local_date(registry.time_zone) - timedelta(days=1)
        if FiscalEntry.objects.filter(fiscal_date__lte=yesterday).exists():
            made += _anchor_day(registry, yesterday)
    return made


def _anchor_day(registry: TenantRegistry, day: date) -> bool:
    """Anchor the head of one tenant's day; what is wrong with one house leaves the others their heads."""
    try:
        return bool(anchor_head(acteur=SYSTEM, day=day))
    except (BusinessError, MasterSecretError):
        logger.exception("the head of tenant %s cannot be anchored", registry.slug)
        return False


@shared_task
def deliver_pending_anchors() -> int:
    """Ask again for each anchor that still waits; return how many. Delivering twice writes once."""
    waiting = []
    for registry in each_tenant():
        pending = FiscalAnchor.objects.filter(status=AnchorStatus.PENDING).order_by("created_at")
        waiting += [(registry.tenant_id, *row) for row in pending.values_list("pk", "anchor_type")]
    silent: set[str] = set()  # a place that does not answer is not asked a hundred times in a row
    for tenant_id, anchor_id, place in waiting:
        if place not in silent and deliver_one_anchor(str(tenant_id), str(anchor_id)) == AnchorStatus.PENDING:
            silent.add(place)
    return len(waiting)


@shared_task
def deliver_one_anchor(tenant_id: str, anchor_id: str) -> str:
    """Write one head outside; return the anchor's state, empty where it was no longer pending.

    A head that is refused has the chain verified: the contradiction is then red for everybody.
    """
    state = deliver_anchor(tenant_id=UUID(tenant_id), anchor_id=UUID(anchor_id))
    if state == AnchorStatus.FAILED:
        verify_one_chain.delay(tenant_id)
    return str(state or "")


@shared_task
def close_finished_periods() -> int:
    """Ask for the closings that are due, each tenant in its own zone and after its own hour; return for how many tenants.

    A chain that was found broken waits for the verification that finds it whole again.
    """
    due = []
    for registry in each_tenant():
        check = latest_check()
        broken = check is not None and not check.holds
        if not broken and is_due(finished_until(Tenant.objects.get(pk=registry.tenant_id))):
            due.append(str(registry.tenant_id))
    for tenant_id in due:
        close_one_tenant.delay(tenant_id)
    return len(due)


@shared_task
def close_one_tenant(tenant_id: str) -> int:
    """Close what is over, missed days first; return how many closings were made. Run twice, it makes nothing twice.

    Where the chain does not hold it is verified whole, so that the result stands on its screen.
    """
    made, key = 0, UUID(tenant_id)
    with scope(key):
        until = finished_until(Tenant.objects.get(pk=key))
    try:
        for closure in close_finished(tenant_id=key, until=until, acteur=SYSTEM):
            made += closure.created
    except ChainBroken as error:
        logger.error("tenant %s cannot be closed: %s", tenant_id, error)
        verify_one_chain.delay(tenant_id)
    return made


@shared_task
def close_one_period(tenant_id: str, closing_type: str, day: str, user_id: str, label: str, role: str) -> bool:
    """Close a long day for the person who asked; return whether this made it. A refusal is logged."""
    with scope(UUID(tenant_id)):
        try:
            closure = close_period(
                closing_type=closing_type,
                closing_date=date.fromisoformat(day),
                acteur=Acteur(ActorKind.USER, UUID(user_id), label, role=role),
            )
        except BusinessError as error:
            logger.error("tenant %s, %s of %s is not closed: %s", tenant_id, closing_type, day, error)
            return False
    return closure.created
