"""Reads about tenants and their members."""

from __future__ import annotations

import uuid

from apps.organisations.models import Membership, Tenant
from apps.socle.models import TenantRegistry
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
