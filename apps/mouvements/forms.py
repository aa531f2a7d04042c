"""The filters of the lists."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Tiers
from apps.socle.screens.days import SpanForm


class FiltreTiers(forms.Form):
    """Words of a name, a code or a phone; a type; only those who owe or are owed."""

    q = forms.CharField(
        label=_("Nom, code ou téléphone"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "data-touche": "F2", "data-touche-aide": _("rechercher")}),
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("Tous")), *Tiers.Type.choices])
    solde = forms.ChoiceField(
        label=_("Solde"),
        required=False,
        choices=[("", _("Tous")), ("debiteur", _("Nous doit")), ("crediteur", _("À qui nous devons"))],
    )


class FiltreMouvements(SpanForm):
    """The days of an account's movements."""
