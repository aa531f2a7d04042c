"""Invoices for tests, issued by the service that issues them in life."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from apps.facturation.models import Invoice
from apps.facturation.services.issue_invoice import LineToIssue, Party, issue_invoice
from apps.organisations.models import Tenant, Tiers
from apps.organisations.tests.factories import make_tiers
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.clock import local_date
from apps.socle.scope import scope

CARE = "CONSULTATION"
OTHER = "AUTRE"


def line(price: int | str = 5000, quantity: int | str = 1, category: str = CARE, **values: Any) -> LineToIssue:
    """A line at the till: care, hence exempt, unless told otherwise."""
    defaults = {"code": "CONS-GEN", "description": "Consultation générale"}
    return LineToIssue(
        **{**defaults, **values}, category=category, quantity=Decimal(quantity), unit_price=Decimal(price)
    )


def make_invoice(
    tenant: Tenant, *lines: LineToIssue, tiers: Tiers | None = None, acteur: Acteur = SYSTEM, **values: Any
) -> Invoice:
    """Issue an invoice of `lines` (one consultation unless told otherwise) to `tiers`, today, in the tenant's scope."""
    with scope(tenant.id):
        tiers = tiers or make_tiers(tenant)
        buyer = values.pop("buyer", None) or Party(name=tiers.nom, identifier=tiers.code)
        day = values.pop("issue_date", None) or local_date(tenant.time_zone)
        return issue_invoice(
            tiers=tiers, buyer=buyer, lines=lines or (line(),), issue_date=day, acteur=acteur, **values
        )
