"""One clock, aware; a day is the tenant's own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest
from django.conf import settings

from apps.socle import clock
from apps.socle.clock import local_date, local_now, now

DIRECT = re.compile(r"timezone\.now\(|datetime\.now\(|date\.today\(|datetime\.today\(|utcnow\(")


@pytest.fixture
def stopped(monkeypatch):
    """Stop the time a little before midnight in London."""
    monkeypatch.setattr(clock.timezone, "now", lambda: datetime(2026, 12, 31, 23, 30, tzinfo=UTC))


def test_the_moment_is_aware():
    assert now().tzinfo is not None


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("UTC", date(2026, 12, 31), 23),
        ("Africa/Douala", date(2027, 1, 1), 0),
        ("Africa/Nairobi", date(2027, 1, 1), 2),
        ("Africa/Abidjan", date(2026, 12, 31), 23),
        ("America/Montreal", date(2026, 12, 31), 18),
    ],
)
def test_a_day_begins_where_the_tenant_is(stopped, zone, day, hour):
    assert local_date(zone) == day
    assert local_now(zone).hour == hour
    assert local_now(zone) == now()


def test_a_zone_that_does_not_exist_is_refused(stopped):
    with pytest.raises(ZoneInfoNotFoundError):
        local_date("Afrique/Douala")


def test_nothing_else_asks_the_time():
    """So that a test can stop it: whatever dates a row goes through the clock; how long ago, screens may say."""
    root = Path(settings.BASE_DIR)
    sources = [p for p in (root / "apps").rglob("*.py") if "tests" not in p.parts and "migrations" not in p.parts]
    asking = [str(p.relative_to(root)) for p in sources if DIRECT.search(p.read_text(encoding="utf-8"))]
    assert [p for p in asking if not p.startswith(("apps/socle/launch/", "apps/socle/screens/"))] == [
        "apps/socle/clock.py"
    ]
