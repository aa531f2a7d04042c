"""The business date of a visit or a prestation."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError

MIDI = dt.time(12)


def refuser_avenir(le: dt.date, tenant: Tenant) -> None:
    """Raise BusinessError for a day to come, in the tenant's zone."""
    if le > local_date(tenant.time_zone):
        raise BusinessError(_("Cette date est à venir."), code="date-in-future", field="date")


def verifier_date(le: dt.date, tenant: Tenant, acteur: Acteur) -> None:
    """Raise BusinessError for a day to come, and for a past one unless a past is being taken over."""
    refuser_avenir(le, tenant)
    if le < local_date(tenant.time_zone) and not acteur.is_takeover:
        raise BusinessError(_("Seule une reprise peut porter une date passée."), code="date-in-past", field="date")


def jour_de(le: dt.date, tenant: Tenant) -> dt.date:
    """Return the tenant's local day of `le`, a date or an aware moment."""
    if isinstance(le, dt.datetime):
        return le.astimezone(ZoneInfo(tenant.time_zone)).date()
    return le


def moment_de(le: dt.date, tenant: Tenant) -> dt.datetime:
    """Return the moment of `le`: itself when it has an hour, now for today, else noon, the hour not being known."""
    if isinstance(le, dt.datetime):
        return le
    if le == local_date(tenant.time_zone):
        return now()
    return dt.datetime.combine(le, MIDI, tzinfo=ZoneInfo(tenant.time_zone))
