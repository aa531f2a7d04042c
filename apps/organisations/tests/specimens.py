"""A member and a third party."""

from __future__ import annotations

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers, make_user


def make_specimens(tenant: Tenant) -> None:
    make_user(tenant, "administrateur")
    make_tiers(tenant)
