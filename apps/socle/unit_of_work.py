"""What the outermost command keeps in hand until it ends: rows to write together, rows that it need not read again.

A sale asks for its tenant six times, through services that know nothing of one another, reads back
the invoice that it has just made and leaves eight rows of audit. All of it is remembered here,
between the lock on the tenant's row and the check of the deferred constraints: nobody else of this
tenant writes meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.db import connection, models, transaction

from apps.socle.scope import require_scope

T = TypeVar("T")
Row = TypeVar("Row", bound=models.Model)
Writer = Callable[[list[Any]], object]


@dataclass
class UnitOfWork:
    """One outermost command of `tenant_id`."""

    tenant_id: uuid.UUID
    known: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)
    held: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)
    born: set[uuid.UUID] = field(default_factory=set)
    waiting: dict[Hashable, tuple[Writer, list[Any]]] = field(default_factory=dict)

    def write(self) -> None:
        """Write what waits, one call a kind, in the order in which the kinds came.

        In a pipeline: the server works on one kind while the next is made ready here. An error is
        raised by the kind that asks for an answer next, or at the end; all of it is undone anyway.
        """
        waiting, self.waiting = self.waiting, {}
        if not waiting:
            return
        with connection.wrap_database_errors, connection.connection.pipeline():
            for write, items in waiting.values():
                write(items)


_current: ContextVar[UnitOfWork | None] = ContextVar("cauris_unit_of_work", default=None)


def current() -> UnitOfWork | None:
    """Return what the running outermost command keeps, or None outside of commands."""
    return _current.get()


@contextmanager
def unit_of_work(tenant_id: uuid.UUID) -> Iterator[UnitOfWork]:
    """Begin the outermost command of `tenant_id`; whoever leaves without `write` leaves nothing behind."""
    unit = UnitOfWork(tenant_id)
    token = _current.set(unit)
    try:
        yield unit
    finally:
        _current.reset(token)


# Reading once ----------------------------------------------------------------------------


def once(key: tuple[Hashable, ...], read: Callable[[], T]) -> T:
    """Return what `read` answers, asked once a command under `key` (its kind first); outside of commands, asked each time.

    For reference rows (tenant, rules, tariffs) and for what never changes (the lines of an issued invoice).
    """
    unit = _current.get()
    if unit is None:
        return read()
    if key not in unit.known:
        unit.known[key] = read()
    return unit.known[key]


def know(key: tuple[Hashable, ...], value: object) -> None:
    """Answer `value` to whoever asks `once` under `key` from now on; nothing outside of commands."""
    unit = _current.get()
    if unit is not None:
        unit.known[key] = value


def forget(kind: str) -> None:
    """Let `once` ask again for every key that begins with `kind`: rows of that kind have changed."""
    unit = _current.get()
    if unit is not None:
        unit.known = {key: value for key, value in unit.known.items() if key[0] != kind}


def hold(row: Row) -> Row:
    """Keep `row`, inserted or locked by the running command, which alone can change it; return it."""
    unit = _current.get()
    if unit is not None:
        unit.held[type(row), row.pk] = row
    return row


def held(model: type[Row], pk: uuid.UUID) -> Row | None:
    """Return the row that the running command inserted or locked, with what it changed since; else None."""
    unit = _current.get()
    return None if unit is None else unit.held.get((model, pk))


def held_list(key: tuple[Hashable, ...], read: Callable[[], list[Row]], owner: uuid.UUID) -> list[Row]:
    """Return the rows of `owner` that `read` locked under `key`, asked once a command; who adds a row adds it to this list.

    An owner that the command itself inserted has none but those: nothing is asked.
    """
    unit = _current.get()
    if unit is None:
        return read()
    if key not in unit.held:
        unit.held[key] = [] if owner in unit.born else read()
    return unit.held[key]


def hold_list(key: tuple[Hashable, ...], rows: list[Row]) -> None:
    """Answer `rows`, which were read and locked with others, to whoever asks `held_list` under `key`; nothing outside of commands."""
    unit = _current.get()
    if unit is not None:
        unit.held.setdefault(key, rows)


# Writing together ------------------------------------------------------------------------


def collect(kind: Hashable, item: object, write: Writer) -> None:
    """Hand `item` to `write` at the end of the running command, with all of its kind; at once outside of commands."""
    unit = _current.get()
    if unit is None:
        write([item])
    else:
        unit.waiting.setdefault(kind, (write, []))[1].append(item)


def insert_later(row: models.Model) -> None:
    """Insert `row` at the end of the running command, with its like; at once outside of commands.

    Whoever reads such rows in the same command calls `write_waiting` first.
    """
    if getattr(row, "tenant_id", False) is None:
        row.tenant_id = require_scope()  # type: ignore[attr-defined]
    collect(type(row), row, type(row)._default_manager.bulk_create)


def insert_as_born(row: Row) -> Row:
    """As `insert_later`, for a row that the same command changes: it goes in as it is now, and is held."""
    insert_later(copy(row))
    row._state.adding = False
    unit = _current.get()
    if unit is not None:
        unit.born.add(row.pk)
    return hold(row)


def update_later(row: models.Model, *names: str) -> None:
    """Store the fields `names` of `row`, as they are now, at the end of the command, one statement for all such rows.

    Two updates of one row come one after the other: each is a step that the transition table must allow.
    """
    fields = tuple(row._meta.get_field(name) for name in names)
    values = [row.pk, *(getattr(row, field.attname) for field in fields)]
    collect((type(row), *names), values, partial(_update, type(row), fields))


def _update(model: type[models.Model], fields: tuple[models.Field, ...], rows: list[list[Any]]) -> None:
    while rows:
        first = {values[0]: values for values in reversed(rows)}
        rows = [values for values in rows if first[values[0]] is not values]
        _update_together(model, fields, [first[pk] for pk in sorted(first)])


def _update_together(model: type[models.Model], fields: tuple[models.Field, ...], rows: list[list[Any]]) -> None:
    quote, columns = connection.ops.quote_name, (model._meta.pk, *fields)
    arrays = [
        [column.get_db_prep_save(values[place], connection) for values in rows] for place, column in enumerate(columns)
    ]
    changes = ", ".join(f"{quote(column.column)} = n.{quote(column.column)}" for column in fields)
    types = ", ".join(f"%s::{column.db_type(connection)}[]" for column in columns)
    names = ", ".join(quote(column.column) for column in columns)
    table, key = quote(model._meta.db_table), quote(model._meta.pk.column)
    update = f"update {table} t set {changes} from unnest({types}) as n({names}) where t.tenant_id = %s and t.{key} = n.{key} returning 1"  # noqa: S608 - names of our own models
    with connection.cursor() as cursor:
        cursor.execute(f"with changed as ({update}) select count(*) from changed", [*arrays, require_scope()])  # noqa: S608
        (changed,) = cursor.fetchone()
    if changed != len(rows):
        raise LookupError(f"{model._meta.label}: {changed} of {len(rows)} rows were there to be updated")


def write_waiting() -> None:
    """Write now what waits: what follows reads it in the database."""
    unit = _current.get()
    if unit is not None:
        unit.write()


@contextmanager
def step() -> Iterator[None]:
    """A part of a long command that may fail alone: a savepoint, and what waits or is known with it."""
    unit = _current.get()
    if unit is None:
        with transaction.atomic():
            yield
        return
    known = dict(unit.known)
    waiting = {kind: (write, list(items)) for kind, (write, items) in unit.waiting.items()}
    try:
        with transaction.atomic():
            yield
    except BaseException:
        unit.known, unit.waiting = known, waiting
        unit.held.clear()  # the step may have changed what was held before it: whoever needs it reads it again
        unit.born.clear()  # and what came to a born row's lists is in the database only, once written
        unit.write()
        raise
