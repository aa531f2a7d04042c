"""The only clock: everything that dates a row asks here, so that a test can stop the time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return timezone.now()


def local_now(time_zone: str) -> datetime:
    """Return the current moment in the IANA zone `time_zone`."""
    return now().astimezone(ZoneInfo(time_zone))


def local_date(time_zone: str) -> date:
    """Return today's date in the IANA zone `time_zone`: midnight in Douala is not midnight in UTC."""
    return local_now(time_zone).date()
