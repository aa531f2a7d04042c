"""The theme a person chose: a cookie, written by the server, so that it works without a script."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

THEME_COOKIE: Final = "theme"
THEMES: Final = ("light", "dark", "auto")


def theme_of(request: HttpRequest | None) -> str:
    """Return `light`, `dark` or `auto` (as the computer says, the default)."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto") if request is not None else "auto"
    return chosen if chosen in THEMES else "auto"
