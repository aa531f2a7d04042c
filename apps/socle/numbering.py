"""Numbers without gaps: `QUIT-2026-00001`, each carried by a document."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext as _

from apps.socle.errors import BusinessError, Conflict
from apps.socle.models import Counter
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import collect, current, forget, know, once, write_waiting

WIDTH = 5
LAST, LAST_YEAR = "last number", "last year of numbers"


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

    Inside the issuing transaction, so that a rollback gives it back: two writers queue, and neither
    skips nor doubles. A commit without the document is refused. Raises LookupError for a kind that
    nobody declared, BusinessError for a year that is over.
    """
    return f"{kind}-{year}-{next_value(kind=kind, year=year, past=past):0{WIDTH}d}"


def next_value(*, kind: str, year: int = 0, past: bool = False) -> int:
    """Take the next integer of `kind`; `year` 0 is a sequence that never starts again. Raises as `next_number`.

    A command, which holds its tenant, counts on from what it read and moves the counters at its end.
    """
    if kind not in _declared:
        raise LookupError(f"no document carries numbers of kind {kind}: declare_number says which")
    if not past and not _declared[kind].of_its_date:
        refuse_past_year(kind, year, once((LAST_YEAR, kind), lambda: _last_year(kind)))
    if current() is None:
        return _take([(kind, year)])[kind, year]
    value = once((LAST, kind, year), lambda: _last(kind, year)) + 1
    know((LAST, kind, year), value)
    collect("socle.numbers", (kind, year, value), _take_as_given)
    return value


def let_the_database_count() -> None:
    """Before a function of the database moves counters: those that this command moved are written, and read again later."""
    write_waiting()
    forget(LAST)


def _last_year(kind: str) -> int | None:
    return Counter.objects.filter(kind=kind).aggregate(last=models.Max("year"))["last"]


def _last(kind: str, year: int) -> int:
    return Counter.objects.filter(kind=kind, year=year).values_list("last", flat=True).first() or 0


def _take_as_given(given: list[tuple[str, int, int]]) -> None:
    """Move the counters past the numbers that were given. Raises Conflict where somebody moved one meanwhile."""
    last = {(kind, year): value for kind, year, value in given}
    if _take([(kind, year) for kind, year, _value in given]) != last:
        raise Conflict(_("Un numéro vient d’être pris par quelqu’un d’autre : recommencez."), code="number-taken")


def _take(numbers: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Take one number for each (kind, year), in one statement; return the last of each."""
    counts = Tally(numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            "select n.kind, n.year, socle_take_numbers(%s, n.kind, n.year, n.many)"
            " from unnest(%s::text[], %s::int[], %s::int[]) as n(kind, year, many)",
            [require_scope(), [kind for kind, _year in counts], [year for _kind, year in counts], [*counts.values()]],
        )
        return {(kind, year): last for kind, year, last in cursor.fetchall()}


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
