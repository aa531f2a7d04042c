"""Close what should have been closed: missed days in order, then their month, then their year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from apps.fiscal import closings
from apps.fiscal.choices import ClosingType
from apps.fiscal.services.close_period import Closure, check_begun, check_finished, close_period
from apps.fiscal.survey import Progress, Survey
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.clock import local_now
from apps.socle.scope import scope

# A year brings its months along, a month its days: so everything comes in the order of its last day.
WIDEST_FIRST = (ClosingType.YEARLY, ClosingType.MONTHLY, ClosingType.DAILY)


def close_through(
    *, tenant_id: UUID, closing_type: str, day: date, acteur: Acteur, progress: Progress | None = None
) -> Iterator[Closure]:
    """Close every period of this kind up to the one that holds `day`, in order, each after its parts.

    Yields each closing once it is committed: every one is a transaction of its own, so that an interrupted run
    goes on where it stopped. To be called without a scope. Raises what `close_period` raises; where the period that
    holds `day` is not over (a day: not begun), nothing is closed.
    """
    with scope(tenant_id):
        end = closings.last_day_of(closing_type, day)
        check_finished(closing_type, end)
        check_begun(end)
        survey = Survey()
    yield from _close(tenant_id, closing_type, end, survey, acteur, progress)


def close_finished(
    *, tenant_id: UUID, until: date, acteur: Acteur, progress: Progress | None = None
) -> Iterator[Closure]:
    """Close every day, month and year that ended on `until` or before, in the order of their last days."""
    with scope(tenant_id):
        survey = Survey()
    for kind in WIDEST_FIRST:
        yield from _close(tenant_id, kind, until, survey, acteur, progress)


def finished_until(tenant: Tenant) -> date:
    """Return the last day that is over for the tenant in scope, its closing hour past: what nobody waits to close."""
    moment = local_now(tenant.time_zone)
    return moment.date() - timedelta(days=1 if moment.hour >= tenant.closing_hour else 2)


def is_due(until: date) -> bool:
    """Tell whether some period of the tenant in scope that ended on `until` or before is not closed."""
    ends = (closings.next_closing_date(kind) for kind in WIDEST_FIRST)
    return any(end is not None and end <= until for end in ends)


def _close(
    tenant_id: UUID, closing_type: str, until: date, survey: Survey, acteur: Acteur, progress: Progress | None
) -> Iterator[Closure]:
    while True:
        with scope(tenant_id):
            end = closings.next_closing_date(closing_type)
        if end is None or end > until:
            return
        if closing_type in closings.PARTS:
            yield from _close(tenant_id, closings.PARTS[ClosingType(closing_type)], end, survey, acteur, progress)
        with scope(tenant_id):
            closure = close_period(
                closing_type=closing_type, closing_date=end, acteur=acteur, survey=survey, progress=progress
            )
        yield closure
