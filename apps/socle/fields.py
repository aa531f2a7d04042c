"""The three columns that every table of the house shares: key, amount, currency."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import uuid_utils
from django.db import models
from django.db.models import Case, F, Func, IntegerField, Q, When
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from apps.socle.money import currencies_by_decimals


def uuid7() -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562 §5.7): ordered by time, so that indexes stay local.

    Made here because neither Python 3.11 nor PostgreSQL 15 can make one.
    """
    return uuid.UUID(int=uuid_utils.uuid7().int)


class UUID7Field(models.UUIDField):
    """Primary key, version 7, never edited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", uuid7)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs


class MoneyField(models.DecimalField):
    """An amount: `numeric(20,4)`; its currency stands in a column beside it.

    The installer gives it, like every decimal column, the check `finite_check`: PostgreSQL stores NaN,
    takes it for equal to itself and above every number, so that each other rule lets it through.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 20
        kwargs["decimal_places"] = 4
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class CurrencyField(models.CharField):
    """An ISO 4217 code, three capital letters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 3
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs


def finite_check(field: models.DecimalField) -> tuple[str, str]:
    """Return the name and the condition of the constraint that a decimal column holds a number."""
    name = f"{field.model._meta.db_table}_{field.column}_finite"
    if len(name) > 63:
        name = f"{name[:47]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}_finite"
    return name, f"\"{field.column}\" > '-Infinity' and \"{field.column}\" < 'Infinity'"


def decimals_of(currency: str) -> Case:
    """Return the number of decimals of the currency in the column `currency`, as SQL."""
    whens = (When(**{f"{currency}__in": codes}, then=n) for n, codes in sorted(currencies_by_decimals().items()))
    return Case(*whens, default=2, output_field=IntegerField())


def exact_amounts(name: str, *columns: str, currency: str) -> models.CheckConstraint:
    """Return the constraint that amounts have no more decimals than the currency in the column beside them."""
    places = decimals_of(currency)
    condition = Q()
    for column in columns:
        condition &= Q(Exact(F(column), Func(F(column), places, function="TRUNC", output_field=MoneyField())))
    return models.CheckConstraint(
        name=name,
        condition=condition,
        violation_error_message=_("Ce montant est plus fin que ce que sa devise permet."),
        violation_error_code="amount-too-fine",
    )
