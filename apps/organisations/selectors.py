"""Reads about tenants and their members."""

from __future__ import annotations

import uuid

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.organisations.models import Membership, Tenant, User
from apps.socle.models import AuditTrail, TenantRegistry
from apps.socle.scope import require_scope, scope, set_person
from apps.socle.search import search_key
from apps.socle.unit_of_work import once

# What counts as a second factor; recovery codes alone are a list of passwords.
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def current_tenant() -> Tenant:
    """Return the tenant in scope, asked once a command. Raises ScopeMissing."""
    tenant_id = require_scope()
    return once(("tenant", tenant_id), lambda: Tenant.objects.get(pk=tenant_id))


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
    return sorted(found, key=lambda tenant: search_key(tenant.name))


def second_factor_due(user: User) -> bool:
    """Tell whether a role of this person, in any house, opens nothing before a second factor is set up. Needs no scope."""
    if settings.SECOND_FACTOR != "required" or is_mfa_enabled(user, FACTORS):
        return False
    with transaction.atomic():
        set_person(user.pk)
        needed = Membership.unscoped.filter(user_id=user.pk, is_active=True, role__needs_second_factor=True)
        return needed.exists()


def members() -> QuerySet[Membership]:
    """Return the members of the tenant in scope, whatever their state."""
    return Membership.objects.select_related("user", "role")


def members_by_name() -> list[Membership]:
    """Return them as one reads them: open accesses first, by name; a house has tens, so they are sorted here."""
    return sorted(members(), key=lambda m: (not m.is_open, search_key(f"{m.user.last_name} {m.user.first_name}"), m.pk))


def trail_of_member(membership: Membership) -> QuerySet[AuditTrail]:
    """Return what was done to a membership and, here, to its account, the latest first."""
    return AuditTrail.objects.filter(model_id__in=[membership.pk, membership.user_id]).order_by("-created_at")
