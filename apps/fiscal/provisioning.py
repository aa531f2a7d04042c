"""What a new tenant gets from the chain."""

from __future__ import annotations

from apps.fiscal.services.open_chain import open_chain
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur


def open_the_chain(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Give the tenant in scope its signing key and its chain at the genesis hash."""
    open_chain(acteur=acteur)
