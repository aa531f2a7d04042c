"""The filters of the chain."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import EntryType


class EntryFilter(forms.Form):
    """A link's number or its document's; a type; fiscal days, both included."""

    q = forms.CharField(
        label=_("Maillon ou document"),
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"type": "search", "data-touche": "F2", "data-touche-aide": _("rechercher")}),
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("Tous")), *EntryType.choices])
    du = forms.DateField(
        label=_("Du"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    au = forms.DateField(
        label=_("Au"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
