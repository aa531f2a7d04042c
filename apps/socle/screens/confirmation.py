"""Asking twice before believing an amount that is possible and unlikely: a slip of the finger adds zeros, or takes
what the screen proposed for something else."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.functional import Promise

from apps.socle.money import plain


class ConfirmedForm(forms.Form):
    """A form that comes back once with a warning beside an unlikely amount, and takes it the second time.

    What was warned of travels in the hidden `confirme`, so that nothing is remembered here and no script is
    needed; another amount typed meanwhile, or for another thing (`about`), is asked about again. Templates that write their fields one by one
    write `{{ form.confirme }}` too.
    """

    confirme = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def ask_twice(self, name: str, amount: Decimal, warning: str | Promise, about: str = "") -> None:
        """Refuse the field `name` with `warning`, unless `amount` was sent with that warning under one's eyes.

        `about` says in a few characters what else the warning was about: a till and what it held. Call it from
        `clean`, when the amount has nothing else wrong.
        """
        asked = f"{plain(amount)} {about}".strip()
        if self.cleaned_data.get("confirme") == asked:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("confirme")] = asked
        self.add_error(name, forms.ValidationError(warning, code="confirmation-required"))
