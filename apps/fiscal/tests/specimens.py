"""A verification of the chain; its links come with the facts of the apps above."""

from __future__ import annotations

from apps.fiscal.services.check_chain import check_chain
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM


def make_specimens(tenant: Tenant) -> None:
    check_chain(acteur=SYSTEM)
