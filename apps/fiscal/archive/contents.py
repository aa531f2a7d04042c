"""The files of an archive, made while they are read: JSON Lines for machines, CSV for people, keys, notice, verifier."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import translation

from apps.fiscal.archive.cautions import cautions
from apps.fiscal.archive.span import ClosingRow, Span, announced_until, closings_of
from apps.fiscal.crypto import fingerprint
from apps.fiscal.models import FiscalAnchor, FiscalKey
from apps.socle.facts import declarations
from apps.socle.scope import require_scope
from apps.socle.screens.exports import BOM, cell

AT_ONCE = 500
"""Links read and written at once; what memory holds."""

_LINKS = """
select e.sequence_number, e.data_canonical, e.data_hash, e.previous_hash, e.chain_hash, e.signature, e.key_id, e.algorithm
from public.fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s order by e.sequence_number
"""
LINK_HEADER = ("Maillon", "Jour fiscal", "Enregistré le (UTC)", "Type", "Fait", "Document", "Date du document", "Tiers",
               "Rôle", "Libellé", "Critères", "Montant", "Devise", "Par", "Empreinte du maillon")  # fmt: skip
CLOSING_HEADER = ("Clôture", "Périodicité", "Du", "Au", "Premier maillon", "Dernier maillon", "Maillons", "Opérations",
                  "Cumul à l’ouverture", "Cumul à la clôture", "Devise", "Racine de Merkle", "Empreinte", "Par",
                  "Faite le (UTC)")  # fmt: skip
PERIODS = {"daily": "jour", "monthly": "mois", "yearly": "année"}
VERIFIER = Path(__file__).with_name("verify.py")
NOTICE = Path(__file__).with_name("LISEZMOI.txt")

Progress = Callable[[int, int], None]


class _Echo:
    def write(self, line: str) -> str:
        return line


def json_line(content: Mapping[str, Any]) -> bytes:
    """One line of a JSON Lines file."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def pretty(content: Mapping[str, Any]) -> bytes:
    """A JSON file that people read too."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def _text(canonical: bytes) -> str:
    """Bytes that are no UTF-8 were never signed: the verifier will say so, the archive is still written."""
    return bytes(canonical).decode(errors="replace")


def _read(span: Span, progress: Callable[[int], None]) -> Iterator[list[tuple[Any, ...]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINKS, [require_scope(), span.first, span.last])
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows
            progress(len(rows))


def entries(span: Span, progress: Callable[[int], None]) -> Iterator[bytes]:
    """Yield `entries.jsonl`: every link with the bytes that were signed. `progress` hears of links written."""
    for rows in _read(span, progress):
        yield b"".join(link_line(*row) for row in rows)


def link_json(
    number: int,
    canonical: bytes,
    hashed: str,
    previous: str,
    linked: str,
    signature: bytes,
    key_id: str,
    algorithm: str,
) -> dict[str, Any]:
    """Return a link as archives and proofs hold it."""
    return {
        "sequence_number": number,
        "data_canonical": _text(canonical),
        "data_hash": hashed,
        "previous_hash": previous,
        "chain_hash": linked,
        "signature": bytes(signature).hex(),
        "key_id": key_id,
        "algorithm": algorithm,
    }


def link_line(*row: Any) -> bytes:
    return json_line(link_json(*row))


def closing_json(row: ClosingRow) -> dict[str, Any]:
    """Return a closing as proofs hold it."""
    return {
        "data_canonical": _text(row.data_canonical),
        "data_hash": row.data_hash,
        "previous_closing_hash": row.previous_closing_hash,
        "closing_hash": row.closing_hash,
        "signature": row.signature.hex(),
        "key_id": row.key_id,
        "algorithm": row.algorithm,
    }


def closings(span: Span) -> Iterator[bytes]:
    """Yield `closings.jsonl`."""
    for row in closings_of(span):
        yield json_line(closing_json(row) | {"own_sequence": row.own_sequence})


def _csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo(), delimiter=";")
    waiting = [BOM + writer.writerow(header)]
    for row in rows:
        waiting.append(writer.writerow([cell(value) for value in row]))
        if len(waiting) >= AT_ONCE:
            yield "".join(waiting).encode()
            waiting.clear()
    yield "".join(waiting).encode()


def entries_csv(span: Span, progress: Callable[[int], None]) -> Iterator[bytes]:
    """Yield `entries.csv`: a row for each line of each link's fact, one for a link without lines."""
    rows = (row for batch in _read(span, progress) for link in batch for row in _link_rows(link))
    return _csv(LINK_HEADER, rows)


def _link_rows(link: tuple[Any, ...]) -> list[list[Any]]:
    """Return the rows of a link; one that says its number and hash only where the link cannot be read."""
    number, canonical, _hashed, _previous, linked, *_rest = link
    try:
        said = json.loads(_text(canonical))
        fact = said["fact"]
        before = [
            number,
            date.fromisoformat(said["fiscal_date"]),
            said["created_at"],
            said["entry_type"],
            fact["type"],
            said["entity_number"],
            date.fromisoformat(said["document_date"]),
            fact["tiers"]["label"] if fact["tiers"] else "",
        ]
        middles = [_line_cells(line, fact["currency"]) for line in fact["lines"]] or [[""] * 5]
        return [[*before, *middle, said["actor_label"], linked] for middle in middles]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        return [[number, *[""] * 13, linked]]


def _line_cells(line: Mapping[str, Any], currency: str) -> list[Any]:
    criteria = ", ".join(f"{key}={value}" for key, value in sorted(line["criteria"].items()))
    return [line["role"], line["label"], criteria, Decimal(line["amount"]), currency]


def closings_csv(span: Span) -> Iterator[bytes]:
    """Yield `closings.csv`."""
    return _csv(CLOSING_HEADER, (_closing_row(row) for row in closings_of(span)))


def _closing_row(row: ClosingRow) -> list[Any]:
    try:
        said = json.loads(_text(row.data_canonical))
        return [
            f"CLO-{said['closing_date']}",
            PERIODS[said["closing_type"]],
            date.fromisoformat(said["period_start"]),
            date.fromisoformat(said["closing_date"]),
            said["first_sequence"],
            said["last_sequence"],
            said["entries_count"],
            said["total_operations"],
            Decimal(said["opening_balance"]),
            Decimal(said["closing_balance"]),
            said["currency"],
            said["merkle_root"],
            row.closing_hash,
            said["actor_label"],
            said["closed_at"],
        ]
    except (ValueError, LookupError, TypeError, ArithmeticError):
        return [*[""] * 12, row.closing_hash, "", ""]


def keys_json() -> list[dict[str, Any]]:
    """Return the public keys of the tenant in scope, as archives and proofs hold them."""
    return [
        {
            "key_id": key.key_id,
            "algorithm": key.algorithm,
            "public_key": bytes(key.public_key).hex(),
            "fingerprint": fingerprint(bytes(key.public_key)),
            "created_at": key.created_at.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        }
        for key in FiscalKey.objects.order_by("key_id")
    ]


def keys() -> Iterator[bytes]:
    """Yield `keys.json`."""
    yield pretty({"tenant_id": str(require_scope()), "keys": keys_json()})


def measures() -> dict[str, Any]:
    """Return what each fact's roles add to in a closing's totals, so that a stranger can add them up again."""
    return {
        declaration.type: {"money": declaration.money, "roles": dict(declaration.totals)}
        for declaration in declarations()
    }


def anchors(span: Span) -> Iterator[bytes]:
    """Yield `anchors.jsonl`: the heads written outside of these links and of these closings, each once, as signed.

    The head of a closing is its own link, which may come after the range that it seals.
    """
    of_closings = Q(closing__isnull=False, sequence_number__lte=announced_until(span))
    found = FiscalAnchor.objects.filter(
        Q(sequence_number__lte=span.last) | of_closings, sequence_number__gte=span.first
    )
    found = found.order_by("sequence_number", "line")
    written = ""
    for line in found.values_list("line", flat=True).iterator(AT_ONCE):
        if line != written:
            yield line.encode() + b"\n"
        written = line


def notice(span: Span) -> Iterator[bytes]:
    """Yield `LISEZMOI.txt`: what an archive is, in French, and what must be known of this one."""
    with translation.override("fr"):
        said = cautions(span.since, span.until)
    lines = [f"- {line}" for line in said] or [
        "- Toutes ses journées sont clôturées ; aucune vérification n’est restée en échec."
    ]
    title = f"\nÀ savoir de cette archive, du {span.since:%d/%m/%Y} au {span.until:%d/%m/%Y}, le jour où elle a été faite :\n\n"
    yield NOTICE.read_bytes() + (title + "\n".join(lines) + "\n").encode()


def file(path: Path) -> Iterator[bytes]:
    """Yield a file of ours that goes along."""
    yield path.read_bytes()
