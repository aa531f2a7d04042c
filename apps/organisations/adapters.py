"""How allauth signs people in here: no open sign-up, usernames that name their establishment."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import User
from apps.socle.middleware import client_ip


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an establishment's administrator, never by whoever passes."""

    # One sentence for an unknown name and for a wrong password: nobody learns which names exist.
    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Identifiant ou mot de passe incorrect."),
        "username_password_mismatch": _("Identifiant ou mot de passe incorrect."),
        "one_time_password_expired": _(
            "Ce mot de passe à usage unique a expiré : demandez-en un autre à votre administrateur."
        ),
        "too_many_login_attempts": _("Trop d’essais manqués : la connexion est bloquée pendant 15 minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Say why a right password for one use opens nothing after its day; allauth would sign the person in for one page."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None and user.one_time_password_expired:
            raise self.validation_error("one_time_password_expired")
        return user

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask nothing of whoever has just signed in: the same password, a second later, proves nothing more.

        allauth counts as a proof only what was asked again after the sign-in.
        """
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        records = get_authentication_records(self.request, self.request.user) if required else []
        return required and not (
            records and time.time() - records[-1]["at"] < account_settings.REAUTHENTICATION_TIMEOUT
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures per account: whatever name of it, door or host is used, the same five tries are spent.

        Overrides allauth's, which counts per spelling and host name.
        """
        login = str(credentials.get("username") or credentials.get("email") or "").strip().lower()
        named = Q(username__iexact=login) | Q(email__iexact=login)  # as allauth looks them up
        found = User.objects.filter(named).order_by("pk").values_list("pk", flat=True).first()
        return f"account:{found}" if found else f"name:{login}"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead home: a password handed over for one use stood in the way of work."""
        return "/"

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        user.last_login_ip = client_ip(request) or None
        user.save(update_fields=["last_login_ip"])
        return super().post_login(request, user, **kwargs)
