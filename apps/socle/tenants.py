"""Work over all tenants: read the registry, open one scope each."""

from __future__ import annotations

from collections.abc import Iterator

from apps.socle.models import TenantRegistry
from apps.socle.scope import scope


def each_tenant() -> Iterator[TenantRegistry]:
    """Yield each active tenant's registry row, by slug, its scope open while the caller works on it.

    Each has a transaction of its own: what fails for one leaves the others done.
    """
    for registry in TenantRegistry.objects.filter(is_active=True).order_by("slug"):
        with scope(registry.tenant_id):
            yield registry
