"""The filters of the chain, the answer to a verification that failed, the confirmation of a closing."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import EntryType
from apps.fiscal.closings import closing_by_number
from apps.fiscal.models import FiscalClosing
from apps.socle.screens.dates import short_date
from apps.socle.screens.days import DayField, SpanForm


class EntryFilter(SpanForm):
    """A link's number or its document's; a type; fiscal days, both included."""

    field_order = ("q", "type")

    q = forms.CharField(
        label=_("Maillon ou document"),
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"type": "search", "data-touche": "F2", "data-touche-aide": _("rechercher")}),
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("Tous")), *EntryType.choices])


class AnswerForm(forms.Form):
    """Why a verification failed, in a person's words."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=2000,
        help_text=_("Ce que vous savez de cet échec et ce qui a été décidé. Ce motif reste au dossier."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ArchiveForm(SpanForm):
    """Fiscal days, both included, both needed."""

    du = DayField(label=_("Du"))
    au = DayField(label=_("Au"))


class ContinuityForm(forms.Form):
    """Two closings by their numbers (`CLO-2026-11-20`, `CLO-2026-11`, `CLO-2026`), in either order."""

    de = forms.CharField(label=_("De la clôture"), max_length=20)
    a = forms.CharField(label=_("À la clôture"), max_length=20)

    def clean_de(self) -> FiscalClosing:
        return _closing(self.cleaned_data["de"])

    def clean_a(self) -> FiscalClosing:
        return _closing(self.cleaned_data["a"])

    def in_order(self) -> tuple[FiscalClosing, FiscalClosing]:
        """Return both, the one that covers fewer links first."""
        first, second = sorted((self.cleaned_data["de"], self.cleaned_data["a"]), key=lambda one: one.last_sequence)
        return first, second


def _closing(number: str) -> FiscalClosing:
    found = closing_by_number(number)
    if found is None:
        raise forms.ValidationError(_("Aucune clôture ne porte le numéro « %s ».") % number)
    return found


class ConfirmationForm(forms.Form):
    """The last day of the period, typed: what is sealed cannot be opened again."""

    confirmation = DayField(label=_("Pour confirmer, tapez le jour à clôturer"))

    def __init__(self, *args: Any, end: date, daily: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.end = end
        if not daily:
            self.fields["confirmation"].label = _("Pour confirmer, tapez le dernier jour à clôturer")

    def clean_confirmation(self) -> date:
        typed: date = self.cleaned_data["confirmation"]
        if typed != self.end:
            said = _("Vous avez tapé le %(typed)s ; c’est le %(end)s qui est à clôturer.")
            raise forms.ValidationError(said % {"typed": short_date(typed), "end": short_date(self.end)})
        return typed


class ClosingHourForm(forms.Form):
    """The local hour from which finished days close by themselves."""

    hour = forms.TypedChoiceField(
        label=_("Clôture automatique des jours finis, à partir de"),
        coerce=int,
        choices=[(hour, f"{hour:02d} h") for hour in range(24)],
    )
