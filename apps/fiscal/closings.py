"""The reads of closings that screens, commands and services share, and the calendar of periods."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.fiscal.choices import ClosingType
from apps.fiscal.models import FiscalClosing
from apps.organisations.models import Tenant
from apps.socle.scope import require_scope
from apps.socle.screens.dates import short_date

KINDS = {"jour": ClosingType.DAILY, "mois": ClosingType.MONTHLY, "annee": ClosingType.YEARLY}
"""How a kind of closing is written in an address and on a command line."""
WORDS = {kind: word for word, kind in KINDS.items()}
PARTS = {ClosingType.MONTHLY: ClosingType.DAILY, ClosingType.YEARLY: ClosingType.MONTHLY}
"""What a month and a year are made of."""


def last_day_of(closing_type: str, day: date) -> date:
    """Return the last day of the day, month or year that holds `day`."""
    if closing_type == ClosingType.YEARLY:
        return date(day.year, 12, 31)
    if closing_type == ClosingType.MONTHLY:
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day


def period_label(closing_type: str, end: date) -> str:
    """Return what people call the period that ends on `end`: « journée du 20/11/2026 », « mois 11/2026 », « année 2026 »."""
    if closing_type == ClosingType.YEARLY:
        return _("année %s") % end.year
    if closing_type == ClosingType.MONTHLY:
        return _("mois %s") % end.strftime("%m/%Y")
    return _("journée du %s") % short_date(end)


def local_moment(closing: FiscalClosing, tenant: Tenant) -> datetime:
    """Return when it was closed, in the tenant's zone."""
    return closing.closed_at.astimezone(ZoneInfo(tenant.time_zone))


def source_link(closing_id: UUID) -> tuple[str, str]:
    """Return (URL, number) of a closing, for the page of its link."""
    return reverse("fiscal:closing", args=[closing_id]), FiscalClosing.objects.get(pk=closing_id).number


def closings(closing_type: str = "") -> QuerySet[FiscalClosing]:
    """Return the closings of the tenant in scope, latest day first, without their bytes; of one kind or all."""
    found = FiscalClosing.objects.defer("data_canonical", "signature", "merkle_frontier")
    found = found.order_by("-closing_date", "-last_sequence", "-closed_at", "-id")
    return found.filter(closing_type=closing_type) if closing_type else found


def closing_of(closing_type: str, closing_date: date) -> FiscalClosing | None:
    """Return the closing that ends on this day, None while there is none."""
    return FiscalClosing.objects.filter(closing_type=closing_type, closing_date=closing_date).first()


def closing_by_number(number: str) -> FiscalClosing | None:
    """Return the closing that people call `CLO-2026-11-20`, `CLO-2026-11` or `CLO-2026`; None where none is."""
    kinds = {2: ClosingType.YEARLY, 3: ClosingType.MONTHLY, 4: ClosingType.DAILY}
    parts = number.strip().upper().split("-")
    try:
        kind = kinds[len(parts)]
        first = date.fromisoformat("-".join([*parts[1:], "01", "01"][:3]))
    except (KeyError, ValueError):
        return None
    return closing_of(kind, last_day_of(kind, first)) if parts[0] == "CLO" else None


def latest_closing(closing_type: str) -> FiscalClosing | None:
    """Return the latest closing of this kind, None before the first."""
    return FiscalClosing.objects.filter(closing_type=closing_type).order_by("-closing_date").first()


def last_of_all() -> FiscalClosing | None:
    """Return the closing that no other follows: the end of the tenant's chain of closings.

    It is the latest of its own kind; whose hash nobody names is asked by index.
    """
    for kind in ClosingType.values:
        latest = latest_closing(kind)
        if latest and not FiscalClosing.objects.filter(previous_closing_hash=latest.closing_hash).exists():
            return latest
    return None


def first_day() -> date | None:
    """Return the first day of the chain of the tenant in scope: the local day on which it was opened."""
    with connection.cursor() as cursor:
        cursor.execute("select fiscal_first_day(%s)", [require_scope()])
        found: date | None = cursor.fetchone()[0]
    return found


def next_start(closing_type: str) -> date | None:
    """Return the first day that no closing of this kind covers; None where there is no chain."""
    latest = latest_closing(closing_type)
    return latest.closing_date + timedelta(days=1) if latest else first_day()


def next_closing_date(closing_type: str) -> date | None:
    """Return the last day of the first period of this kind that is not closed; None where there is no chain."""
    start = next_start(closing_type)
    return last_day_of(closing_type, start) if start else None


def sealed_until() -> date | None:
    """Return the last sealed day of the tenant in scope, None before the first."""
    latest = latest_closing(ClosingType.DAILY)
    return latest.closing_date if latest else None
