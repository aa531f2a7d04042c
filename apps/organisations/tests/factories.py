"""Tenants, people and third parties for tests, made by the services that make them in life."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from apps.organisations.models import Membership, Tenant, Tiers, User
from apps.organisations.services.create_tenant import TenantToCreate, create_tenant
from apps.organisations.services.create_user import create_user
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.scope import scope

PASSWORD = "cauris-essai-2026"
_numbers: Iterator[int] = itertools.count(1)


def make_tenant(slug: str = "sainte-odile", name: str = "Hôpital Sainte-Odile", **values: Any) -> Tenant:
    """Make a tenant, provisioned by every app: a hospital of Douala unless told otherwise."""
    address = {"line1": "Rue Drouot, Akwa", "city": "Douala", "country_name": "Cameroun"}
    wanted = TenantToCreate(**{"kind": "hopital", "name": name, "slug": slug, "address": address, **values})
    return create_tenant(wanted=wanted, acteur=SYSTEM)


def make_user(tenant: Tenant, role: str = "caissier", username: str = "", **values: Any) -> User:
    """Make a member of `tenant` in `role`, with PASSWORD. Opens the tenant's scope itself."""
    number = next(_numbers)
    with scope(tenant.id):
        return create_user(
            tenant=tenant,
            username=username or f"{role}.{number}",
            first_name=values.pop("first_name", "Amina"),
            last_name=values.pop("last_name", f"Ngo {number}"),
            role=role,
            password=PASSWORD,
            acteur=SYSTEM,
            **values,
        )


def acteur_of(user: User, tenant: Tenant) -> Acteur:
    """Return `user` as the middleware hands it to a command."""
    with scope(tenant.id):
        membership = Membership.objects.select_related("role").get(user=user)
    return Acteur(
        ActorKind.USER, user.pk, user.full_name, role=membership.role.name, ip="192.0.2.7", user_agent="tests"
    )


def make_acteur(tenant: Tenant, role: str = "caissier", **values: Any) -> Acteur:
    """Make a member of `tenant` and return the actor."""
    return acteur_of(make_user(tenant, role, **values), tenant)


def make_tiers(tenant: Tenant, **values: Any) -> Tiers:
    """Make a third party, a patient unless told otherwise."""
    with scope(tenant.id):
        number = next(_numbers)
        defaults = {"code": f"T-{number:05d}", "nom": f"Mbarga {number}", "type": Tiers.Type.PATIENT}
        return Tiers.objects.create(tenant=tenant, **{**defaults, **values})
