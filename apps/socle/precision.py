"""The CheckConstraint that holds an amount to what its currency can pay."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

# Currencies in use whose number of decimals is not two, by CLDR as `money.decimals` reads it.
NO_DECIMALS = (
    "AFN", "ALL", "BIF", "CLP", "DJF", "GNF", "IQD", "IRR", "ISK", "JPY", "KMF", "KPW", "KRW", "LAK", "LBP", "MGA",
    "MMK", "PYG", "RSD", "RWF", "SOS", "SYP", "UGX", "VND", "VUV", "XAF", "XOF", "XPF", "YER",
)  # fmt: skip
THREE_DECIMALS = ("BHD", "JOD", "KWD", "LYD", "OMR", "TND")


def decimals_of(currency: str) -> models.Case:
    """Return the number of decimals of the currency in the column `currency`, as SQL."""
    return models.Case(
        models.When(**{f"{currency}__in": NO_DECIMALS}, then=models.Value(0)),
        models.When(**{f"{currency}__in": THREE_DECIMALS}, then=models.Value(3)),
        default=models.Value(2),
        output_field=models.IntegerField(),
    )


def exact_amount(column: str, currency: str, name: str) -> models.CheckConstraint:
    """Return the constraint `name`: the amount in `column` can be paid in the currency of `currency`."""
    return models.CheckConstraint(
        name=name,
        condition=models.Q(**{column: Round(column, precision=decimals_of(currency))}),
        violation_error_message=_("Ce montant a plus de décimales que sa devise."),
        violation_error_code="amount-not-exact",
    )
