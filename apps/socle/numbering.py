"""Numbers without gaps: `QUIT-2026-00001`, each carried by a document."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext as _

from apps.socle.errors import BusinessError
from apps.socle.fields import uuid7
from apps.socle.scope import require_scope

WIDTH = 5


@dataclass(frozen=True)
class Numbered:
    """A kind of number and the document that carries it: `field` of `model` (app.Model).

    A text field holds the number as it is printed, an integer field that of a sequence which never
    starts again (year 0). `of_its_date`: the year is the document's own, whenever it is numbered, as an
    entry of December that is validated in January; the year of any other kind never goes back.
    """

    kind: str
    model: str
    field: str
    of_its_date: bool = False

    def column(self) -> models.Field:
        """Return the field of the model. Raises LookupError for a model, FieldDoesNotExist for a field that is none."""
        return apps.get_model(self.model)._meta.get_field(self.field)


_declared: dict[str, Numbered] = {}


def declare_number(numbered: Numbered) -> None:
    """Register a kind of number. Called from `AppConfig.ready()`.

    The installer derives from it that no number is taken without its document (`numbers_sql`).
    """
    if _declared.setdefault(numbered.kind, numbered) != numbered:
        raise ValueError(f"numbers of kind {numbered.kind} are declared twice")


def declared_numbers() -> tuple[Numbered, ...]:
    """Return what is declared, by kind."""
    return tuple(_declared[kind] for kind in sorted(_declared))


def next_number(*, kind: str, year: int, past: bool = False) -> str:
    """Take the next number of `kind` in `year` for the tenant in scope; `past` is the takeover actor's.

    Inside the issuing transaction, so that a rollback gives it back; one statement, so that two
    writers queue on the row and neither skips nor doubles. A commit without the document is refused.
    Raises LookupError for a kind that nobody declared, BusinessError for a year that is over.
    """
    return f"{kind}-{year}-{next_value(kind=kind, year=year, past=past):0{WIDTH}d}"


def next_value(*, kind: str, year: int = 0, past: bool = False) -> int:
    """Take the next integer of `kind`; `year` 0 is a sequence that never starts again. Raises as `next_number`."""
    if kind not in _declared:
        raise LookupError(f"no document carries numbers of kind {kind}: declare_number says which")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into socle_counter as c (id, tenant_id, kind, year, last) values (%s, %s, %s, %s, 1)"
            " on conflict (tenant_id, kind, year) do update set last = c.last + 1 returning last,"
            " (select max(l.year) from socle_counter l where l.tenant_id = c.tenant_id and l.kind = c.kind)",
            [uuid7(), require_scope(), kind, year],
        )
        value, latest = cursor.fetchone()
    if not past and not _declared[kind].of_its_date:
        refuse_past_year(kind, year, latest)
    return int(value)


def refuse_past_year(kind: str, year: int, latest: int | None) -> None:
    """Raise BusinessError where numbers of a later year are taken already: the clock was set back over New Year.

    The document would bear a false date, and its number come after those of the year that followed. A
    takeover alone dates a document in the past, and says so on it.
    """
    if latest is not None and latest > year:
        message = _(
            "Des numéros %(kind)s de %(latest)s sont déjà pris : on n’en donne plus de %(year)s."
            " Faites vérifier l’horloge du serveur."
        ) % {"kind": kind, "latest": latest, "year": year}
        raise BusinessError(message, code="clock-set-back")
