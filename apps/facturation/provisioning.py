"""What a new tenant needs to issue invoices."""

from __future__ import annotations

from apps.facturation.numbers import open_sequence
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur
from apps.socle.clock import local_date


def open_first_sequence(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Begin the numbers of this year; the country's tax rules are there for all tenants."""
    open_sequence(local_date(tenant.time_zone).year)
