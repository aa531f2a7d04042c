"""Test databases: made and reset by the owner, used by the runtime role.

pytest-django creates databases through the alias `default`, which is the runtime role here and
may not. Django empties tables with a flush, which meets the triggers that forbid TRUNCATE. Both
are replaced: the owner creates, migrates and resets; tests run with the rights of production.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from apps.socle.launch import stamps
from apps.socle.launch.files import locked

TEMPLATE_PREFIX = "cauris_tests_"
ALIASES = ("default", "owner", "maintenance")
Alias = Literal["default", "owner", "maintenance"]
LOCK_TIMEOUT = "15s"
"""A reset that waits longer met a transaction which a test left open."""

TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'django_migrations'
"""
REFERENCES = "SELECT confrelid::regclass::text, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
TRUNCATE_TRIGGERS = """
SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled::text
FROM pg_trigger t WHERE NOT t.tgisinternal AND (t.tgtype & 32) <> 0
"""
USED = "SELECT oid FROM pg_class WHERE oid = ANY(%s) AND pg_relation_size(oid) > 0"
FORGOTTEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
ENABLE_CLAUSES = {"O": "ENABLE TRIGGER", "A": "ENABLE ALWAYS TRIGGER", "R": "ENABLE REPLICA TRIGGER"}


def connection_string(alias: Alias) -> str:
    """Return the connection string of an alias, for a second connection beside Django's."""
    parameters = connections[alias].get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return psycopg.conninfo.make_conninfo(**{name: parameters[name] for name in names if name in parameters})


@contextmanager
def connect_as(alias: Alias, autocommit: bool = True) -> Iterator[psycopg.Connection]:
    """Open a connection of its own to the test database, as `default` (runtime), `owner` or `maintenance`."""
    with psycopg.connect(connection_string(alias), autocommit=autocommit) as connection:
        yield connection


@contextmanager
def database_for_tests(keep: bool = False) -> Iterator[Reset]:
    """Give this process a migrated test database, point every alias at it and drop it at the end.

    It is a copy of a template that is migrated from empty once for each state of the code, so that
    several processes, and the next run, need a quarter of a second for it.
    """
    owner = connections["owner"]
    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES if alias in settings.DATABASES}
    name = owner.creation._get_test_db_name()
    with locked(Path(settings.DATA_DIR) / "tests" / "template.lock"):
        template = _template(owner)
        with owner.creation._nodb_cursor() as cursor:
            if not (keep and owner.creation._database_exists(cursor, name)):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    for alias in before:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    with connect_as("owner") as connection:
        reset = Reset.of(connection)
    yield reset
    connections.close_all()
    if not keep:
        _end_forgotten_sessions(before)
        owner.creation.destroy_test_db(before["owner"], verbosity=0)
    for alias, old_name in before.items():
        connections[alias].settings_dict["NAME"] = old_name


def _end_forgotten_sessions(aliases: Iterable[Alias]) -> None:
    """End what tests left open where `close_all` cannot see it: a browser's event loop keeps connections of its own."""
    for alias in aliases:
        with connect_as(alias) as connection:
            connection.execute(FORGOTTEN)


def _template(owner: BaseDatabaseWrapper) -> str:
    """Return the name of the template of this state of the code, made by `migrate` as the owner where it is absent."""
    name = f"{TEMPLATE_PREFIX}{stamps.fingerprint(Path(settings.BASE_DIR), stamps.CODE)[:16]}"
    with owner.creation._nodb_cursor() as cursor:
        if owner.creation._database_exists(cursor, name):
            return name
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{TEMPLATE_PREFIX}%"])
        for (stale,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE "{stale}"')
    draft = f"{TEMPLATE_PREFIX}draft"
    old = owner.settings_dict["NAME"], owner.settings_dict["TEST"]["NAME"]
    owner.settings_dict["TEST"]["NAME"] = draft
    owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    owner.close()
    owner.settings_dict["NAME"], owner.settings_dict["TEST"]["NAME"] = old
    settings.DATABASES["owner"]["NAME"] = old[0]
    with owner.creation._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


@dataclass
class Table:
    """A table of the test database; `rows` and `fingerprint` when migrations filled it."""

    oid: int
    name: str
    dependents: set[str] = field(default_factory=set)
    triggers: list[tuple[str, str]] = field(default_factory=list)
    rows: bytes = b""
    fingerprint: str = ""

    @property
    def filled_by_migrations(self) -> bool:
        return bool(self.fingerprint)


@dataclass
class Reset:
    """Brings the test database back to what the migrations left: empty tables, their reference rows."""

    tables: dict[str, Table]

    @classmethod
    def of(cls, connection: psycopg.Connection) -> Reset:
        """Read the tables, their references and TRUNCATE triggers, and keep the rows that migrations wrote."""
        tables: dict[str, Table] = {}
        secured: set[str] = set()
        for oid, name, row_security in connection.execute(TABLES):
            tables[name] = Table(oid, name)
            if row_security:
                secured.add(name)
        for referenced, referencing in connection.execute(REFERENCES):
            tables[_bare(referenced)].dependents.add(_bare(referencing))
        for name, trigger, enabled in connection.execute(TRUNCATE_TRIGGERS):
            tables[_bare(name)].triggers.append((trigger, enabled))
        used = _used(connection, tables)
        for table in (tables[name] for name in used - secured):
            table.fingerprint = _fingerprint(connection, table.name)
            table.rows = _copy_out(connection, table.name)
        return cls(tables)

    def run(self) -> None:
        """Empty what tests filled and restore what they changed in reference tables, in one transaction."""
        with connect_as("owner", autocommit=False) as connection:
            connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            dirty = {name for name in _used(connection, self.tables) if self._is_dirty(connection, name)}
            if not dirty:
                return
            doomed = self._with_dependents(dirty)
            for name in doomed:
                self._switch_triggers(connection, name, on=False)
            connection.execute(
                sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier(name) for name in sorted(doomed)))
            )
            for name in doomed:
                self._switch_triggers(connection, name, on=True)
            for table in (self.tables[name] for name in doomed if self.tables[name].filled_by_migrations):
                _copy_in(connection, table)

    def _is_dirty(self, connection: psycopg.Connection, name: str) -> bool:
        table = self.tables[name]
        return not table.filled_by_migrations or _fingerprint(connection, name) != table.fingerprint

    def _with_dependents(self, names: set[str]) -> set[str]:
        found = set(names)
        waiting = list(names)
        while waiting:
            for dependent in self.tables[waiting.pop()].dependents - found:
                found.add(dependent)
                waiting.append(dependent)
        return found

    def _switch_triggers(self, connection: psycopg.Connection, name: str, on: bool) -> None:
        for trigger, enabled in self.tables[name].triggers:
            if enabled in ENABLE_CLAUSES:
                clause = ENABLE_CLAUSES[enabled] if on else "DISABLE TRIGGER"
                connection.execute(
                    sql.SQL("ALTER TABLE {} {} {}").format(
                        sql.Identifier(name), sql.SQL(clause), sql.Identifier(trigger)
                    )
                )


def _bare(name: str) -> str:
    return name.removeprefix("public.").strip('"')


def _used(connection: psycopg.Connection, tables: dict[str, Table]) -> set[str]:
    """Tables with at least one page. A size sees through row security, which a SELECT by the owner does not."""
    by_oid = {table.oid: name for name, table in tables.items()}
    return {by_oid[oid] for (oid,) in connection.execute(USED, [list(by_oid)])}


def _fingerprint(connection: psycopg.Connection, name: str) -> str:
    query = sql.SQL("SELECT coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM {} t")
    row = connection.execute(query.format(sql.Identifier(name))).fetchone()
    return str(row[0]) if row else ""


def _copy_out(connection: psycopg.Connection, name: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
        return b"".join(bytes(part) for part in copy)


def _copy_in(connection: psycopg.Connection, table: Table) -> None:
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table.name))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(table.rows)
