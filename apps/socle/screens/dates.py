"""Dates as a till reads them: 20/11/2026, 10:42; "hier, 15:20"; "2 h 14".

Every instant given here is already in the tenant's zone: the filters ask Django for local time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NBSP = "\u00a0"
# Validators of a day that is typed: within these a zone may be added and a day counted on; the very
# ends of the calendar overflow.
POSSIBLE_DAYS = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2199, 12, 31)))


def short_date(value: date) -> str:
    """20/11/2026."""
    return date_format(value, "d/m/Y")


def clock(value: datetime) -> str:
    """10:42."""
    return date_format(value, "H:i")


def short_instant(value: datetime) -> str:
    """20/11/2026 10:42."""
    return f"{short_date(value)} {clock(value)}"


def long_date(value: date) -> str:
    """Vendredi 20/11/2026."""
    day = date_format(value, "l")
    return f"{day[:1].upper()}{day[1:]} {short_date(value)}"


def familiar_instant(value: datetime, today: date | None = None) -> str:
    """« aujourd’hui, 08:31 », « hier, 15:20 », otherwise the date and the hour."""
    today = today or timezone.localdate()
    age = today - value.date()
    if age == timedelta(0):
        return _("aujourd’hui, %(heure)s") % {"heure": clock(value)}
    if age == timedelta(days=1):
        return _("hier, %(heure)s") % {"heure": clock(value)}
    return short_instant(value)


def waiting_time(since: datetime, at: datetime | None = None) -> str:
    """« moins d’une minute », « 14 min », « 2 h 14 », « 3 jours »: the time elapsed since `since`, never negative."""
    minutes = max(int(((at or timezone.now()) - since).total_seconds() // 60), 0)
    if minutes < 1:
        return _("moins d’une minute")
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    if minutes < 24 * 60:
        return f"{minutes // 60}{NBSP}h{NBSP}{minutes % 60:02d}"
    days = minutes // (24 * 60)
    return ngettext("%(n)d jour", "%(n)d jours", days).replace(" ", NBSP) % {"n": days}
