"""A bar chart drawn by the server: geometry only, in units of its own viewBox.

Amounts are Decimal; what leaves this module for the SVG are strings with a point, since a
template in French would write 12,5 and the browser would not understand it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

WIDTH: Final = 520
LEFT: Final = 34
TOP: Final = Decimal(16)
BOTTOM: Final = Decimal(168)
BAR_SHARE: Final = Decimal("0.71")
STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
MOST_LINES: Final = 5


@dataclass(frozen=True)
class Bar:
    """One bar: its two lines of label, its value, the list that proves it, whether it stands out."""

    label: str
    value: Decimal
    sublabel: str = ""
    url: str = ""
    full_label: str = ""
    accent: bool = False


@dataclass(frozen=True)
class Column:
    """A bar once placed; `crown` is the figure written above it, empty for most."""

    bar: Bar
    x: str
    y: str
    width: str
    height: str
    middle: str
    crown: str
    crown_y: str


@dataclass(frozen=True)
class Line:
    """A horizontal line of the grid and its figure."""

    y: str
    text_y: str
    text: str


@dataclass(frozen=True)
class Chart:
    """All that the template draws."""

    columns: list[Column]
    lines: list[Line]
    axis_y: str
    unit: str


def _text(value: Decimal) -> str:
    return f"{value:.1f}"


def _nice_step(span: Decimal) -> Decimal:
    """Return the smallest round step that cuts `span` into at most `MOST_LINES` parts."""
    raw = span / MOST_LINES
    power = Decimal(10) ** raw.adjusted()
    return next(factor * power for factor in STEPS if factor * power >= raw)


def _scale(step: Decimal) -> tuple[Decimal, str]:
    """Return the divisor of the figures beside the grid, and how it is said."""
    if step >= 100_000_000:
        return Decimal(1_000_000_000), _("en milliards")
    if step >= 100_000:
        return Decimal(1_000_000), _("en millions")
    if step >= 1_000:
        return Decimal(1_000), _("en milliers")
    return Decimal(1), ""


def _figure(value: Decimal, divisor: Decimal, places: int) -> str:
    shown = value / divisor
    text = number_format(shown.quantize(Decimal(1).scaleb(-places)).normalize() + 0 if shown else 0, use_l10n=True)
    return text.replace("-", "\u2212")


def _grid(low: Decimal, high: Decimal) -> tuple[list[Decimal], Decimal]:
    step = _nice_step((high - low) or Decimal(1))
    first = (low / step).to_integral_value(rounding="ROUND_FLOOR")
    last = (high / step).to_integral_value(rounding="ROUND_CEILING")
    return [step * n for n in range(int(first), int(last) + 1)], step


def bar_chart(bars: Sequence[Bar]) -> Chart:
    """Place `bars` from left to right on a grid of round figures that holds zero.

    The greatest bar and those that stand out carry their figure. An empty sequence gives an
    empty grid.
    """
    values = [bar.value for bar in bars]
    levels, step = _grid(min([Decimal(0), *values]), max([Decimal(0), *values]))
    low, high = levels[0], levels[-1]
    divisor, unit = _scale(step)
    per_unit = (BOTTOM - TOP) / ((high - low) or 1)

    def y(value: Decimal) -> Decimal:
        return BOTTOM - (value - low) * per_unit

    slot = Decimal(WIDTH - LEFT) / max(len(bars), 1)
    width = slot * BAR_SHARE
    greatest = max(values, default=Decimal(0))
    columns = []
    for index, bar in enumerate(bars):
        x = LEFT + slot * index + (slot - width) / 2
        crowned = bar.value and (bar.accent or bar.value == greatest)
        top, foot = y(max(bar.value, Decimal(0))), y(min(bar.value, Decimal(0)))
        columns.append(
            Column(
                bar=bar, x=_text(x), y=_text(top), width=_text(width), height=_text(foot - top),
                middle=_text(x + width / 2), crown=_figure(bar.value, divisor, 2) if crowned else "", crown_y=_text(top - 5),
            )
        )  # fmt: skip
    lines = [Line(_text(y(level)), _text(y(level) + 4), _figure(level, divisor, 3)) for level in levels]
    return Chart(columns, lines, _text(y(Decimal(0))), unit)
