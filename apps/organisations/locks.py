"""Every row lock of this app."""

from __future__ import annotations

from uuid import UUID

from apps.organisations.models import Membership


def lock_membership(membership_id: UUID) -> Membership:
    """Return the membership of the tenant in scope, locked. Raises Membership.DoesNotExist."""
    return (
        Membership.objects.select_for_update(of=("self",))
        .select_related("role", "user", "tenant")
        .get(pk=membership_id)
    )
