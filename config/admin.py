"""The admin site: the stock one, in French, behind our own sign-in and a membership's permission."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.socle.search import search_key


class CaurisAdminSite(AdminSite):
    """Open to active members whose role may enter the administration of this tenant."""

    site_header = _("Administration de Cauris")
    site_title = _("Cauris")
    index_title = _("Données de référence")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take the house's models only.

        Third parties' tables (groups, second factors, periodic tasks) know no tenant: their pages would show
        everybody's rows to whoever was given the permission.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        ours = [model for model in models if model.__module__.startswith("apps.")]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Leave out « voir sur le site »: no model of the house has such an address, and it would read any model's row."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Sort as people read: Django puts « Établissements » after « Tiers »."""
        rooms = super().get_app_list(request, app_label)
        for room in rooms:
            room["models"].sort(key=lambda model: search_key(str(model["name"])))
        return sorted(rooms, key=lambda room: search_key(str(room["name"])))

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(
            request.user.is_active
            and getattr(request, "tenant", None)
            and request.user.has_perm("organisations.acces_administration")
        )

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people through allauth's door, so that a lockout earned there holds here.

        The stock form of the admin is never shown, to nobody: it would be a second door.
        """
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return secure_admin_login(super().login)(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A password belongs to the person, not to this house: it is changed at allauth's own page."""
        return redirect("account_change_password")
