"""Rows of the kernel's own tables that no service of the apps above makes by the way."""

from __future__ import annotations

from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.fields import uuid7
from apps.socle.idempotency import run_once
from apps.socle.models import AuditLog


def make_specimens(tenant: Tenant) -> None:
    """Make a key that has served and a request logged; numbers are taken by the documents of the apps above."""
    run_once(key="specimen", route="essai", acteur=SYSTEM, body={}, function=uuid7)
    AuditLog.objects.create(tenant_id=tenant.pk, request_id=uuid7(), method="POST", path="/", status_code=200)
