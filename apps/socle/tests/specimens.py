"""Rows of the kernel's own tables that no service of the apps above makes by the way."""

from __future__ import annotations

from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.fields import uuid7
from apps.socle.idempotency import run_once
from apps.socle.models import AuditLog
from apps.socle.numbering import next_number


def make_specimens(tenant: Tenant) -> None:
    """Make a key that has served, a number taken and a request logged."""
    run_once(key="specimen", route="essai", acteur=SYSTEM, body={}, function=uuid7)
    next_number(kind="ESSAI", year=2026)
    AuditLog.objects.create(tenant_id=tenant.pk, request_id=uuid7(), method="POST", path="/", status_code=200)
