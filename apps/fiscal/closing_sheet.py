"""What the screens show of a period, closed or to be closed: its figures laid out, and what is still to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.fiscal import closings
from apps.fiscal.choices import ClosingType
from apps.fiscal.day_sums import Sums, sums_by_day
from apps.fiscal.models import FiscalClosing, FiscalEntry
from apps.fiscal.totals import Totals
from apps.socle.clock import local_date
from apps.socle.facts import criterion_label
from apps.socle.scope import require_scope

ZERO = Decimal(0)


@dataclass(frozen=True)
class Taxed:
    """What one rate was taken on, and its tax; the rate in percent."""

    rate: Decimal
    base: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Collected:
    """Takings by one means of payment."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class CurrencyFigures:
    """The totals of one currency, ready to be shown."""

    currency: str
    invoiced: Decimal
    credited: Decimal
    rounded: Decimal
    taxed: Sequence[Taxed]
    collected: Sequence[Collected]

    @property
    def received(self) -> Decimal:
        return sum((item.amount for item in self.collected), ZERO)


def figures(totals: Mapping[str, Any], currency: str) -> list[CurrencyFigures]:
    """Lay stored totals out, the tenant's `currency` first, there even when nothing happened."""
    known = sorted({*totals, currency}, key=lambda code: (code != currency, code))
    return [_of_currency(code, totals.get(code, {})) for code in known]


def _of_currency(currency: str, content: Mapping[str, Any]) -> CurrencyFigures:
    taxed = [Taxed(Decimal(r), Decimal(x["base"]), Decimal(x["tax"])) for r, x in content.get("taxed", {}).items()]
    collected = [Collected(criterion_label("moyen", m), Decimal(x)) for m, x in content.get("collected", {}).items()]
    amounts = (Decimal(content.get(name, "0")) for name in ("invoiced", "credited", "rounded"))
    return CurrencyFigures(
        currency, *amounts, sorted(taxed, key=lambda t: t.rate), sorted(collected, key=lambda c: (-c.amount, c.label))
    )


@dataclass(frozen=True)
class Preview:
    """What a period that is not closed comes to at this moment; nothing of it is verified yet."""

    start: date
    end: date
    first_sequence: int
    last_sequence: int
    sums: Sums

    @property
    def entries_count(self) -> int:
        return self.last_sequence - self.first_sequence + 1


def preview(closing_type: str, end: date) -> Preview:
    """Return what the next period of this kind, which ends on `end`, comes to now."""
    start = closings.next_start(closing_type) or end
    before = closings.latest_closing(closing_type)
    first = (before.last_sequence if before else 0) + 1
    if closing_type != ClosingType.DAILY:
        return _of_parts(closing_type, start, end, first)
    last = FiscalEntry.objects.filter(sequence_number__gte=first, fiscal_date__lte=end).order_by("-sequence_number")
    found = last.values_list("sequence_number", flat=True).first() or first - 1
    whole = Sums()
    for sums in sums_by_day(require_scope(), first, found).values():
        whole.operations += sums.operations
        whole.totals.add(sums.totals)
    return Preview(start, end, first, found, whole)


def _of_parts(closing_type: str, start: date, end: date, first: int) -> Preview:
    parts = FiscalClosing.objects.filter(
        closing_type=closings.PARTS[ClosingType(closing_type)], closing_date__range=(start, end)
    )
    whole, last = Sums(), first - 1
    for part in parts.order_by("closing_date"):
        whole.operations += part.total_operations
        whole.totals.add(Totals(part.totals))
        last = part.last_sequence
    return Preview(start, end, first, last, whole)


@dataclass(frozen=True)
class Due:
    """The next period of a kind, when it may be closed now; `missed` days lie before today."""

    closing_type: str
    end: date
    missed: int = 0

    @property
    def label(self) -> str:
        return closings.period_label(self.closing_type, self.end)


def due(time_zone: str) -> list[Due]:
    """Return what may be closed now: the first day that is not, then the month and the year whose parts are."""
    today, sealed, found = local_date(time_zone), closings.sealed_until(), []
    day = closings.next_closing_date(ClosingType.DAILY)
    if day is not None and day <= today:
        found.append(Due(ClosingType.DAILY, day, missed=(today - day).days))
    for kind in (ClosingType.MONTHLY, ClosingType.YEARLY):
        end = closings.next_closing_date(kind)
        if end is not None and sealed is not None and end <= sealed:
            found.append(Due(kind, end))
    return found
