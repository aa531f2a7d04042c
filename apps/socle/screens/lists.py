"""Lists whose filters, sort and page live in the URL, and the small shapes that templates draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SORT: Final = "tri"
PAGE: Final = "page"
PER_PAGE: Final = 25


@dataclass(frozen=True)
class Tab:
    """One state tab above a list: its word, where it leads, how many rows it holds."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class Step:
    """One step of an object's timeline: what happened, by whom, when, and what was said."""

    label: str
    by: str
    at: datetime | None = None
    detail: str = ""
    refused: bool = False


def query_with(request: HttpRequest, changes: Mapping[str, str | None], keep: Iterable[str] | None = None) -> str:
    """Return `?…`, the address's own parameters with `changes`; None or "" takes one away.

    With `keep`, only the parameters named there are kept of the address.
    """
    query = request.GET.copy()
    if keep is not None:
        wanted = set(keep)
        for name in [name for name in query if name not in wanted]:
            del query[name]
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


def sort_key(request: HttpRequest, allowed: Iterable[str], default: str) -> str:
    """Return the sort that the address asks for, `date` or `-date`; `default` when it names none of `allowed`."""
    asked = request.GET.get(SORT, "")
    return asked if asked.removeprefix("-") in set(allowed) and asked.count("-") <= 1 else default


def ordered(queryset: QuerySet[Any], request: HttpRequest, columns: Mapping[str, str], default: str) -> QuerySet[Any]:
    """Order a queryset by the address: `columns` maps a public name to a field. The key breaks ties."""
    asked = sort_key(request, columns, default)
    sign = "-" if asked.startswith("-") else ""
    return queryset.order_by(f"{sign}{columns[asked.removeprefix('-')]}", f"{sign}pk")


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """Return the page that the address asks for; the first or the last when it asks for none that exists."""
    return Paginator(rows, per_page).get_page(request.GET.get(PAGE))
