"""Signing in."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

ESTABLISHMENT_COOKIE = "etablissement"


class LoginForm(AllauthLoginForm):
    """E-mail, or `name@slug`; the name alone where this browser remembers its establishment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Identifiant")
        self.fields["login"].help_text = _("Adresse électronique, ou nom@etablissement.")
        self.fields["login"].widget.attrs.update({"autocomplete": "username", "autofocus": True, "placeholder": ""})
        self.fields["password"].label = _("Mot de passe")
        self.fields["password"].widget.attrs["placeholder"] = ""

    def clean_login(self) -> str:
        login = super().clean_login().strip().lower()
        if "@" in login:
            return login
        slug = self.request.COOKIES.get(ESTABLISHMENT_COOKIE, "") if self.request else ""
        if not slug:
            raise forms.ValidationError(
                _("Ajoutez votre établissement, par exemple amina.caisse@sainte-odile."), code="establishment-missing"
            )
        return f"{login}@{slug}"
