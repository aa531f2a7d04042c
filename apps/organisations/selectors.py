"""Reads about tenants and their members."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from apps.organisations.models import Membership, Tenant
from apps.socle.models import AuditTrail, TenantRegistry
from apps.socle.scope import scope, set_person


def tenants_of(user_id: uuid.UUID) -> list[Tenant]:
    """Return the active tenants of a person, by name. Needs an open transaction, no scope."""
    set_person(user_id)
    ids = list(Membership.unscoped.filter(user_id=user_id, is_active=True).values_list("tenant_id", flat=True))
    found = []
    for tenant_id in TenantRegistry.objects.filter(tenant_id__in=ids, is_active=True).values_list(
        "tenant_id", flat=True
    ):
        with scope(tenant_id):
            found.append(Tenant.objects.get(pk=tenant_id))
    return sorted(found, key=lambda tenant: tenant.name)


def members() -> QuerySet[Membership]:
    """Return the members of the tenant in scope, open accesses first, by name."""
    order = ("-is_active", "user__last_name", "user__first_name", "id")
    return Membership.objects.select_related("user", "role").order_by(*order)


def trail_of_member(membership: Membership) -> QuerySet[AuditTrail]:
    """Return what was done to a membership and, here, to its account, the latest first."""
    return AuditTrail.objects.filter(model_id__in=[membership.pk, membership.user_id]).order_by("-created_at")
