"""How the administration shows an amount, a rate and a JSON object: as the rest of the house does, not as Python would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.socle.fields import MoneyField
from apps.socle.money import NAMES, format_amount, plain

EMPTY = "–"
NUMBER = re.compile(r"-?\d{1,16}(\.\d{1,4})?")
Label = Callable[[str], str]


@cache
def column(model: type[models.Model], name: Any, label: Label = str) -> Any:
    """Return what stands for the field `name` of `model` in a list or on a page: the name itself, or a callable.

    `label` puts a key of a JSON object into words.
    """
    try:
        field = model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return name
    write = _writer(field, label)
    if write is None or field is None:
        return name

    def shown(row: models.Model) -> str:
        value = getattr(row, field.name)
        return EMPTY if value is None or value in ({}, []) else write(row, value)

    # The class of the cell and of its column: the sheet puts amounts to the right.
    shown.__name__ = f"montant_{field.name}" if isinstance(field, MoneyField) else field.name
    shown.short_description = field.verbose_name  # type: ignore[attr-defined]
    if not isinstance(field, models.JSONField):
        shown.admin_order_field = field.name  # type: ignore[attr-defined]
    return shown


def columns(model: type[models.Model], names: Any, label: Label = str) -> Any:
    """Return `column` of each name, in the lists and tuples in which the administration nests them."""
    return tuple(columns(model, n, label) if isinstance(n, list | tuple) else column(model, n, label) for n in names)


def _writer(field: Any, label: Label) -> Callable[[models.Model, Any], str] | None:
    if isinstance(field, MoneyField):
        return _amount
    if isinstance(field, models.DecimalField):
        return lambda _row, value: plain(value).replace(".", ",")
    if isinstance(field, models.JSONField):
        return lambda row, value: _tree(value, label, _currency(row))
    return None


def _currency(row: models.Model) -> str:
    return str(getattr(row, "devise", "") or getattr(row, "currency", ""))


def _amount(row: models.Model, value: Decimal) -> str:
    currency = _currency(row)
    return format_amount(value, currency) if currency else plain(value).replace(".", ",")


def _tree(value: Any, label: Label, currency: str) -> SafeString | str:
    """Return nested pairs; a number within an object named by a currency is an amount of it."""
    if isinstance(value, Mapping):
        pairs = ((label(key), _tree(inner, label, key if key in NAMES else currency)) for key, inner in value.items())
        return format_html('<dl class="lisible">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))
    if isinstance(value, list):
        items = ((_tree(inner, label, currency),) for inner in value)
        return (
            format_html('<ol class="lisible">{}</ol>', format_html_join("", "<li>{}</li>", items)) if value else EMPTY
        )
    if isinstance(value, str) and currency and NUMBER.fullmatch(value):
        return format_amount(Decimal(value), currency)
    return EMPTY if value is None or value == "" else str(value)
