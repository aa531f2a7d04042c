"""Days that are typed, and lists between two of them.

One kind of field everywhere: text, 20/11/2026. The browser's own picker speaks the browser's language: on a French
screen an English one reads the month first.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.socle.screens.dates import POSSIBLE_DAYS

FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d%m%Y")
"""As it is written here, as addresses may say it, as a phone's digits alone do; never the month first."""


class DayField(forms.DateField):
    """A day between 1900 and 2199. Raises ValidationError `invalid` for what is none."""

    default_error_messages = {"invalid": _("Écrivez la date comme 20/11/2026.")}

    def __init__(self, **options: Any) -> None:
        attrs = {"placeholder": _("jj/mm/aaaa"), "inputmode": "numeric", "autocomplete": "off", "size": 10}
        options.setdefault("widget", forms.DateInput(format=FORMATS[0], attrs=attrs))
        super().__init__(input_formats=FORMATS, **options)
        self.validators.extend(POSSIBLE_DAYS)


class SpanForm(forms.Form):
    """From a day to a day, both included; the second before the first is said beside it.

    Where other filters stand before the days, the subclass says so in `field_order`.
    """

    du = DayField(label=_("Du"), required=False)
    au = DayField(label=_("Au"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("du") and data.get("au") and data["au"] < data["du"]:
            self.add_error("au", forms.ValidationError(_("Le dernier jour précède le premier."), code="days-reversed"))
        return data

    @property
    def chosen(self) -> dict[str, Any]:
        """Return what was understood; what was not is shown beside its field and filters nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
