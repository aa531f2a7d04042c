"""The filters of the lists."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Tiers
from apps.socle.screens.dates import POSSIBLE_DAYS


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


class FiltreMouvements(forms.Form):
    """The days and the state of an account's movements."""

    du = forms.DateField(
        label=_("Du"),
        required=False,
        validators=POSSIBLE_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    au = forms.DateField(
        label=_("Au"),
        required=False,
        validators=POSSIBLE_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
