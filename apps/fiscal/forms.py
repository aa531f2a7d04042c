"""The filters of the chain, and the answer to a verification that failed."""

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


class AnswerForm(forms.Form):
    """Why a verification failed, in a person's words."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=2000,
        help_text=_("Ce que vous savez de cet échec et ce qui a été décidé. Ce motif reste au dossier."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
