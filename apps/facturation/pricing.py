"""From prices at the till to the amounts of an invoice: a pure computation, without database.

A price at the till includes its tax. Each line's total is rounded to what the currency can pay;
the tax of a rate is then taken out of the running total of its lines, in their order, so that a
line never pays more tax than it holds and the parts always sum to the rate's whole: what rounding
leaves stands on the line where it falls due. The tenant's cash rounding comes last, on a line of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from apps.facturation.choices import ROUNDING
from apps.socle.money import quantize

ZERO = Decimal(0)
# Written on invoices: in the house's language, hence not marked for translation.
ROUNDING_LABEL = "Arrondi des espèces"
ROUNDING_EXEMPTION = "Arrondi de règlement, hors champ de la TVA"


@dataclass(frozen=True)
class LineToIssue:
    """What is sold: `unit_price` is the price at the till, tax included, in the tenant's currency.

    `category` is the type of revenue, which decides the tax; `code` the tariff's.
    """

    category: str
    code: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    service_code: str = ""


@dataclass(frozen=True)
class TaxRate:
    """A rate in per cent, or zero and the text of the exemption that the paper prints."""

    rate: Decimal
    exemption: str = ""


@dataclass(frozen=True)
class PricedLine:
    """A line with its amounts, exact for the currency; `total_ttc` is `total_ht` plus `tax_amount`."""

    position: int
    category: str
    code: str
    service_code: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    total_ht: Decimal
    tax_rate: Decimal
    exemption: str
    tax_amount: Decimal
    total_ttc: Decimal

    @property
    def is_rounding(self) -> bool:
        return self.category == ROUNDING


@dataclass(frozen=True)
class PricedInvoice:
    """The lines of an invoice, the cash rounding's last where there is one, and what they add up to."""

    lines: tuple[PricedLine, ...]
    currency: str

    @property
    def total_ht(self) -> Decimal:
        return sum((line.total_ht for line in self.lines), ZERO)

    @property
    def total_tax(self) -> Decimal:
        return sum((line.tax_amount for line in self.lines), ZERO)

    @property
    def total_ttc(self) -> Decimal:
        return sum((line.total_ttc for line in self.lines), ZERO)

    @property
    def rounding(self) -> Decimal:
        """What the cash rounding added (positive) or took off (negative)."""
        return sum((line.total_ttc for line in self.lines if line.is_rounding), ZERO)


def price_invoice(
    lines: Sequence[LineToIssue], rates: Mapping[str, TaxRate], currency: str, cash_step: Decimal = ZERO
) -> PricedInvoice:
    """Return the invoice that `lines` make. `rates` is by category; `cash_step` zero means no cash rounding.

    Raises KeyError for a category without a rate.
    """
    priced: list[PricedLine] = []
    running: dict[TaxRate, Decimal] = {}
    for position, line in enumerate(lines, start=1):
        rate = rates[line.category]
        total = line_total(line, currency)
        before = running.get(rate, ZERO)
        running[rate] = before + total
        net = _net(running[rate], rate, currency) - _net(before, rate, currency)
        priced.append(_priced(position, line, rate, net, total))
    rounding = cash_rounding(sum((line.total_ttc for line in priced), ZERO), cash_step)
    if rounding:
        priced.append(_rounding_line(len(priced) + 1, rounding))
    return PricedInvoice(tuple(priced), currency)


def line_total(line: LineToIssue, currency: str) -> Decimal:
    """Return what `line` comes to, tax included, rounded to what `currency` can pay."""
    return quantize(line.quantity * line.unit_price, currency)


def _net(total: Decimal, rate: TaxRate, currency: str) -> Decimal:
    """Return what is left of a tax-included `total` without its tax."""
    return quantize(total * 100 / (100 + rate.rate), currency) if rate.rate else total


def cash_rounding(total: Decimal, step: Decimal) -> Decimal:
    """Return what to add to `total` to reach the nearest multiple of `step`, half upwards.

    A total above zero never becomes zero: it is raised to one step.
    """
    if not step or not total:
        return ZERO
    steps = max((total / step).quantize(Decimal(1), rounding=ROUND_HALF_UP), Decimal(1))
    return steps * step - total


def _priced(position: int, line: LineToIssue, rate: TaxRate, net: Decimal, total: Decimal) -> PricedLine:
    return PricedLine(
        position=position,
        category=line.category,
        code=line.code,
        service_code=line.service_code,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        total_ht=net,
        tax_rate=rate.rate,
        exemption=rate.exemption,
        tax_amount=total - net,
        total_ttc=total,
    )


def _rounding_line(position: int, amount: Decimal) -> PricedLine:
    return _priced(
        position,
        LineToIssue(ROUNDING, ROUNDING, ROUNDING_LABEL, Decimal(1), amount),
        TaxRate(ZERO, ROUNDING_EXEMPTION),
        amount,
        amount,
    )
