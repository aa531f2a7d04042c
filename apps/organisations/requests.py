"""A staff request as the tenant middleware hands it to a view."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.organisations.models import Membership, Tenant
from apps.socle.actors import Acteur


class StaffRequest(HttpRequest):
    """Typing only: what a view under `/<slug>/` may rely on."""

    tenant: Tenant
    membership: Membership
    acteur: Acteur
    htmx: HtmxDetails
