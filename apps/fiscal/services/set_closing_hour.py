"""Choose the hour from which finished days close by themselves."""

from __future__ import annotations

from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.scope import require_scope


@command
def set_closing_hour(*, hour: int, acteur: Acteur) -> None:
    """Set the local hour, 0 to 23, of the tenant in scope. Raises BusinessError (closing-hour-invalid) for another."""
    tenant = Tenant.objects.get(pk=require_scope())
    if tenant.closing_hour == hour:
        return
    old, tenant.closing_hour = tenant.closing_hour, hour
    tenant.save(update_fields=["closing_hour", "updated_at"])
    record("closing_hour_set", tenant, acteur, old={"closing_hour": old}, new={"closing_hour": hour})
