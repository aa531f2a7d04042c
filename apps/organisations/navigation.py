"""The entries of the bar: each app registers its own, the bar shows those that the member may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from apps.socle.errors import Text


@dataclass(frozen=True)
class Entry:
    """One entry: its label, URL name, the permission that opens it, its place, and what it counts."""

    label: Text
    url_name: str
    permission: str
    order: int
    count: Callable[[], int] | None = None


@dataclass(frozen=True)
class ShownEntry:
    """An entry as the template shows it."""

    label: str
    url: str
    current: bool
    count: int | None


_entries: dict[str, Entry] = {}


def register_entry(entry: Entry) -> None:
    """Add an entry to the bar. Called from `AppConfig.ready()`."""
    _entries[entry.url_name] = entry


def entries_for(request: HttpRequest) -> list[ShownEntry]:
    """Return the entries that the member of this request may open, in order."""
    shown = []
    for entry in sorted(_entries.values(), key=lambda e: e.order):
        if request.user.has_perm(entry.permission):
            url = reverse(entry.url_name)
            shown.append(
                ShownEntry(
                    str(entry.label), url, _is_current(request.path, url), entry.count() if entry.count else None
                )
            )
    best = max((len(e.url) for e in shown if e.current), default=0)
    return [ShownEntry(e.label, e.url, e.current and len(e.url) == best, e.count) for e in shown]


def _is_current(path: str, url: str) -> bool:
    return path == url or (url.count("/") > 2 and path.startswith(url))
