"""Amounts and quantities as people type them: `12 500`, `12.500,50` refused, `0,5` understood."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.socle.money import plain

SPACES = re.compile("[\\s\u00a0\u202f]")
NUMBER = re.compile(r"-?\d{1,16}(?:[.,]\d{1,4})?", re.ASCII)
TOO_LONG = re.compile(r"\d{17,}(?:[.,]\d{1,4})?", re.ASCII)


def read_amount(text: str) -> Decimal | None:
    """Return the amount that `text` says, or None when it says none: digits, spaces, one comma or point."""
    bare = SPACES.sub("", text or "").replace("\u2212", "-")
    if not NUMBER.fullmatch(bare):
        return None
    try:
        return Decimal(bare.replace(",", "."))
    except InvalidOperation:  # pragma: no cover - the pattern admits nothing that Decimal refuses
        return None


def write_amount(amount: Decimal | None) -> str:
    """Return `amount` as it stands in a field: `12 500`, `0,5`."""
    if amount is None:
        return ""
    whole, _dot, cents = plain(amount).partition(".")
    grouped = re.sub(r"(?<=\d)(?=(\d{3})+$)", "\u202f", whole)
    return f"{grouped},{cents}" if cents else grouped


class AmountField(forms.CharField):
    """A field of money or quantity: a text with a numeric keyboard, cleaned to Decimal.

    Raises ValidationError `invalid-amount`. An empty optional field is None.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {
        "invalid": _("Écrivez un nombre, par exemple 12 500."),
        "too-long": _("Ce nombre est trop grand : vérifiez-en les chiffres."),
    }

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, Decimal) or value is None:
            return value
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        amount = read_amount(text)
        if amount is None and TOO_LONG.fullmatch(SPACES.sub("", text)):
            raise forms.ValidationError(self.error_messages["too-long"], code="invalid-amount")
        if amount is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid-amount")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return write_amount(value) if isinstance(value, Decimal) else value
