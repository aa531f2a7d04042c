"""What every page knows of the house it stands in."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest

from apps.organisations.navigation import entries_for
from apps.organisations.selectors import second_factor_due
from apps.socle.screens.theme import theme_of

_status: list[Any] = []


def register_status(function: Any) -> None:
    """Add a line to the right of the bar: function(request) → {"strong", "text", "url", "closed"} or None; "alert": True is red."""
    _status.append(function)


def house(request: HttpRequest) -> dict[str, Any]:
    """Return tenant, membership, navigation, status lines and theme; tenant is None on public pages.

    `second_factor_due` is asked of the database by the pages that name it only.
    """
    context: dict[str, Any] = {"tenant": None, "membership": None, "navigation": [], "status_lines": []}
    context["theme"] = theme_of(request)
    context["second_factor_due"] = partial(_second_factor_due, request)
    tenant = getattr(request, "tenant", None)
    if tenant is not None:
        context |= {
            "tenant": tenant,
            "membership": request.membership,  # type: ignore[attr-defined]
            "navigation": entries_for(request),
            "status_lines": [line for line in (function(request) for function in _status) if line],
        }
    return context


def _second_factor_due(request: HttpRequest) -> bool:
    return request.user.is_authenticated and second_factor_due(request.user)
