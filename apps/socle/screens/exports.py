"""Lists as files: CSV with `;` and a byte order mark, formulas neutralised, written as they are read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from apps.socle.money import plain
from apps.socle.scope import require_scope, scope

BOM: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_AT_ONCE: Final = 500


def neutralise(text: str) -> str:
    """Return `text` so that no spreadsheet runs it: an apostrophe goes before what would begin a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def cell(value: Any) -> str:
    """Return a cell: an amount with a comma and no thousands, a date as 20/11/2026, text neutralised."""
    match value:
        case None:
            return ""
        case Decimal():
            return plain(value).replace(".", ",")
        case datetime():
            return timezone.localtime(value).strftime("%d/%m/%Y %H:%M")
        case date():
            return value.strftime("%d/%m/%Y")
        case int():
            return str(value)
    return neutralise(str(value))


def csv_response(
    filename: str, header: Sequence[str], rows: Callable[[], Iterable[Sequence[Any]]]
) -> StreamingHttpResponse:
    """Answer with a file of `rows()`, read while it is sent, in a transaction and a scope of its own.

    The request's own have ended by then. `filename` has no extension. Raises ScopeMissing.
    """
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
    return response


class _Echo:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(header: Sequence[str], rows: Callable[[], Iterable[Sequence[Any]]]) -> Iterator[str]:
    """Keep what the request knows (tenant, zone, language), which has ended when the lines are written."""
    return _stream(header, rows, require_scope(), timezone.get_current_timezone(), translation.get_language() or "fr")


def _stream(
    header: Sequence[str],
    rows: Callable[[], Iterable[Sequence[Any]]],
    tenant_id: UUID,
    zone: tzinfo,
    language: str,
) -> Iterator[str]:
    writer = csv.writer(_Echo(), delimiter=";")
    with scope(tenant_id), timezone.override(zone), translation.override(language):
        waiting = [BOM + writer.writerow([cell(title) for title in header])]
        for row in rows():
            waiting.append(writer.writerow([cell(value) for value in row]))
            if len(waiting) >= _ROWS_AT_ONCE:
                yield "".join(waiting)
                waiting.clear()
        yield "".join(waiting)
