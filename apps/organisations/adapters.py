"""How allauth signs people in here: no open sign-up, usernames that name their establishment."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.socle.middleware import client_ip


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an establishment's administrator, never by whoever passes."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        user.last_login_ip = client_ip(request) or None
        user.save(update_fields=["last_login_ip"])
        return super().post_login(request, user, **kwargs)
