"""What is not finished when a period is closed: each app above says it, the closing lists it, nothing of it forbids.

A closing lists what is of its own days, and each thing once: what its links left, by their fiscal day, whatever day the
paper bears; what leaves no link, by the moment when it was begun. A later day does not carry an older one's.

The apps fill the registry in `AppConfig.ready()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.fiscal import closings
from apps.fiscal.choices import ClosingType
from apps.organisations.models import Tenant
from apps.socle.errors import Text


@dataclass(frozen=True)
class Unfinished:
    """Things of one kind that wait: how many, what they are called, and where to finish them.

    `url` is lazy: a command and a worker have no staff addresses. `only` says who alone can finish it, where the
    person who closes cannot: the address then only shows it.
    """

    kind: str
    label: Text
    count: int
    url: Text = ""
    only: Text = ""

    def as_json(self) -> dict[str, Any]:
        """Return what the closing keeps: an address does not outlive the screens."""
        return {"kind": self.kind, "label": str(self.label), "count": self.count}


Check = Callable[[Tenant, date, date], Iterable[Unfinished]]

_checks: dict[str, Check] = {}


def register_preclosing_check(name: str, function: Check) -> None:
    """Add a check: a function from the tenant in scope, the first and the last day. Called from `AppConfig.ready()`."""
    if _checks.get(name, function) is not function:
        raise ValueError(f"pre-closing check {name} is registered twice")
    _checks[name] = function


@dataclass(frozen=True)
class Moments:
    """What happened from `since` on (None: from the beginning) and before `until` is of these fiscal days."""

    since: datetime | None
    until: datetime

    def of(self, field: str) -> Q:
        """Return the condition that a column of moments falls into them."""
        begun = Q(**{f"{field}__gte": self.since}) if self.since else Q()
        return begun & Q(**{f"{field}__lt": self.until})


def moments(tenant: Tenant, start: date, end: date) -> Moments:
    """Return when the fiscal days from `start` to `end` ran, for what leaves no link: each moment is of one day only.

    A day ends at midnight in the tenant's zone, or when it was closed before that: what is begun later that evening
    is of the next one. The first day of a chain holds whatever came before it.
    """
    first = closings.first_day()
    begins_the_chain = first is not None and start <= first
    return Moments(None if begins_the_chain else _begin(tenant, start), _begin(tenant, end + timedelta(days=1)))


def _begin(tenant: Tenant, day: date) -> datetime:
    midnight = datetime.combine(day, time.min, tzinfo=ZoneInfo(tenant.time_zone))
    before = closings.closing_of(ClosingType.DAILY, day - timedelta(days=1))
    return min(midnight, before.closed_at) if before else midnight


def unfinished(tenant: Tenant, start: date, end: date) -> list[Unfinished]:
    """Return what waits of the days from `start` to `end`, both included, by the names of the checks."""
    return [item for name in sorted(_checks) for item in _checks[name](tenant, start, end) if item.count]
