"""A tenant that can work at once."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.organisations.models import Tenant
from apps.organisations.models.tenant import SLUG
from apps.organisations.provisioning import Options, require, steps
from apps.organisations.reserved import RESERVED_SLUGS
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.fields import uuid7
from apps.socle.language import document_language
from apps.socle.models import TenantRegistry
from apps.socle.money import UnknownCurrency, decimals
from apps.socle.scope import scope


@dataclass(frozen=True)
class TenantToCreate:
    """What must be said of a new tenant. `address` has line1, line2, postal_code, city, country_name."""

    kind: str
    name: str
    slug: str
    country: str = "CM"
    currency: str = "XAF"
    time_zone: str = "Africa/Douala"
    legal_name: str = ""
    environment: str = Tenant.Environment.PRODUCTION
    address: dict[str, str] = field(default_factory=dict)
    contact_phone: str = ""
    contact_email: str = ""
    niu: str = ""
    rccm: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def create_tenant(*, wanted: TenantToCreate, acteur: Acteur) -> Tenant:
    """Make the tenant, its registry row and whatever each app registered, in one transaction.

    Raises BusinessError for a slug that is none, taken or reserved, an unknown currency or zone, a
    requirement of an app above (a country whose law it does not know), and what a step raises; then
    nothing of the tenant is left.
    """
    _check(wanted)
    tenant = _tenant(uuid7(), wanted)
    require(tenant)
    with scope(tenant.pk):
        _register(tenant.pk, wanted)
        return _provision(tenant=tenant, options=Options(wanted.options), acteur=acteur)


def _register(tenant_id: UUID, wanted: TenantToCreate) -> None:
    """Take the slug: the row that every command of the tenant locks."""
    try:
        with transaction.atomic():
            TenantRegistry.objects.create(tenant_id=tenant_id, slug=wanted.slug, time_zone=wanted.time_zone)
    except IntegrityError as error:
        message = _("L’adresse « %s » est déjà prise.") % wanted.slug
        raise BusinessError(message, code="slug-taken", field="slug") from error


def _check(wanted: TenantToCreate) -> None:
    if not re.fullmatch(SLUG, wanted.slug) or len(wanted.slug) > 63:
        message = _(
            "L’adresse d’un établissement s’écrit en minuscules sans accent, chiffres et tirets : sainte-odile."
        )
        raise BusinessError(message, code="slug-invalid", field="slug")
    if wanted.slug in RESERVED_SLUGS:
        raise BusinessError(_("L’adresse « %s » est réservée.") % wanted.slug, code="slug-reserved", field="slug")
    if wanted.time_zone not in zoneinfo.available_timezones():
        raise BusinessError(
            _("Fuseau horaire inconnu : %s.") % wanted.time_zone, code="unknown-time-zone", field="time_zone"
        )
    try:
        decimals(wanted.currency)
    except UnknownCurrency as error:
        raise BusinessError(
            _("Devise inconnue : %s.") % wanted.currency, code="unknown-currency", field="currency"
        ) from error


def _tenant(tenant_id: Any, wanted: TenantToCreate) -> Tenant:
    tenant = Tenant(
        id=tenant_id,
        kind=wanted.kind,
        name=wanted.name,
        slug=wanted.slug,
        legal_name=wanted.legal_name or wanted.name,
        country=wanted.country,
        currency=wanted.currency,
        time_zone=wanted.time_zone,
        environment=wanted.environment,
        address=wanted.address,
        contact_phone=wanted.contact_phone,
        contact_email=wanted.contact_email,
        niu=wanted.niu,
        rccm=wanted.rccm,
    )
    try:
        tenant.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise BusinessError(messages[0], code="tenant-invalid", field=name) from error
    return tenant


@command
def _provision(*, tenant: Tenant, options: Options, acteur: Acteur) -> Tenant:
    tenant.save(force_insert=True)
    with document_language():  # the names that it begins with are data
        for step in steps():
            step.function(tenant, acteur, options)
    record("tenant_created", tenant, acteur, new={"slug": tenant.slug, "kind": tenant.kind})
    return tenant
