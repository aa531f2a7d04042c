"""Signing in; members of an establishment."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Role

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


class ChangePasswordForm(AllauthChangePasswordForm):
    """The current password is asked at the same door as everywhere: a wrong one counts to the account's lockout."""

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class MemberForm(forms.Form):
    """Who becomes a member: an e-mail address, or a short name for a person who has none."""

    role = forms.ChoiceField(label=_("Rôle"))
    first_name = forms.CharField(label=_("Prénom"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Nom"), max_length=100, required=False)
    email = forms.EmailField(
        label=_("Adresse électronique"),
        required=False,
        help_text=_("La personne y reçoit un lien pour choisir son mot de passe."),
    )
    username = forms.CharField(
        label=_("Identifiant, sans adresse électronique"),
        max_length=50,
        required=False,
        help_text=_("Par exemple amina.caisse. Un mot de passe à usage unique vous sera montré."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.name, str(role)) for role in Role.objects.all()]
        self.fields["role"].choices = [("", ""), *roles]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("email")) == bool(data.get("username")):
            message = _("Donnez une adresse électronique, ou un identifiant à qui n’en a pas : l’un des deux.")
            self.add_error("email", forms.ValidationError(message, code="email-or-username"))
        return data


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Rôle"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.name, str(role)) for role in Role.objects.all()]  # type: ignore[attr-defined]
