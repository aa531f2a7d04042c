"""A database is restored beside the one that serves, and takes its name when it is whole.

Both names change in one transaction of the server: whatever ends us, one of the two databases
bears the name and can be used. The former one is kept under a name that says when.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from apps.socle.launch.backup.programs import Login
from apps.socle.launch.errors import LaunchError

NEIGHBOUR = "postgres"
"""The database of the server's administrator: from there others are made and renamed."""
DRAFT, KEPT = "restauration", "avant"
LONGEST_STEM = 28
PAUSES = (0.0, 0.1, 0.4, 1.0)
SESSIONS = """
select distinct usename from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and usename is not null order by 1
"""
CONNECTION = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")


@contextmanager
def connected(login: Login, **changes: Any) -> Iterator[psycopg.Connection]:
    """Open a connection of its own; raises LaunchError where the server refuses."""
    values = {name: login[name] for name in CONNECTION if login.get(name)} | {"autocommit": True, **changes}
    try:
        connection = psycopg.connect(**values)
    except psycopg.OperationalError as error:
        raise LaunchError(f"La base {values['dbname']} ne s'ouvre pas : {' '.join(str(error).split())}") from error
    with connection:
        yield connection


def server_major(login: Login) -> int:
    """Return the major version of the login's server."""
    with connected(login) as connection:
        return connection.info.server_version // 10_000


def name_beside(name: str, kind: str, stamp: str) -> str:
    """Return `cauris_restauration_20261120104500123456`: within the 63 bytes of a name, by the microsecond that it was made."""
    return f"{name[:LONGEST_STEM]}_{kind}_{stamp}"


def others_connected(login: Login) -> list[str]:
    """Return which logins hold another session on the login's database, after the moment that a closed one needs to end."""
    found: list[str] = []
    with connected(login) as connection:
        for pause in PAUSES:
            time.sleep(pause)
            found = [str(row[0]) for row in connection.execute(SESSIONS).fetchall()]
            if not found:
                break
    return found


def houses(login: Login) -> int:
    """Return how many establishments the login's database holds, 0 where it is empty."""
    with connected(login) as connection:
        there = connection.execute("select to_regclass('public.socle_tenantregistry') is not null").fetchone()
        if not there or not there[0]:
            return 0
        row = connection.execute("select count(*) from public.socle_tenantregistry").fetchone()
        return int(row[0]) if row else 0


def create_beside(owner: Login, name: str, draft: str, guests: Sequence[str]) -> None:
    """Make the empty database `draft` like `name`, owned by the owner, where the logins `guests` may connect.

    From template0: what a backup holds is all that it will have. Drafts of a restore that was
    interrupted are dropped. Raises LaunchError.
    """
    with connected(owner, dbname=NEIGHBOUR) as connection:
        _drop_drafts(connection, name)
        row = connection.execute(
            "select pg_encoding_to_char(encoding), datcollate, datctype from pg_database where datname = %s", [name]
        ).fetchone()
        if row is None:
            raise LaunchError(f"La base {name} n'existe pas.")
        try:
            connection.execute(
                sql.SQL("create database {} template template0 encoding {} lc_collate {} lc_ctype {}").format(
                    sql.Identifier(draft), *(sql.Literal(value) for value in row)
                )
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise LaunchError("Le compte propriétaire ne peut pas créer de base : il lui faut CREATEDB.") from error
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(draft)))
        for guest in guests:
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(sql.Identifier(draft), sql.Identifier(guest))
            )


def _drop_drafts(connection: psycopg.Connection, name: str) -> None:
    for left_over in _named(connection, name_beside(name, DRAFT, "")):
        try:
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(left_over)))
        except psycopg.errors.ObjectInUse as error:
            raise LaunchError(f"Une autre restauration est en cours dans {left_over}.") from error


def exchange(owner: Login, name: str, draft: str, kept: str) -> None:
    """Give `draft` the name `name`, whose database becomes `kept`: both at once, or neither. Raises LaunchError."""
    rename = sql.SQL("alter database {} rename to {}")
    try:
        with connected(owner, dbname=NEIGHBOUR, autocommit=False) as connection:
            connection.execute(rename.format(sql.Identifier(name), sql.Identifier(kept)))
            connection.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
    except psycopg.errors.ObjectInUse as error:
        raise LaunchError(
            f"La base {name} est encore utilisée : arrêtez tout ce qui s'en sert, puis recommencez."
        ) from error


def oid(login: Login, name: str) -> int | None:
    """Return what the server calls the database `name`, whatever its name becomes; None where there is none."""
    with connected(login, dbname=NEIGHBOUR) as connection:
        row = connection.execute("select oid::bigint from pg_database where datname = %s", [name]).fetchone()
        return int(row[0]) if row else None


def drop(owner: Login, name: str) -> None:
    """Drop a database that nobody uses."""
    with connected(owner, dbname=NEIGHBOUR) as connection:
        connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _named(connection: psycopg.Connection, beginning: str) -> list[str]:
    rows = connection.execute("select datname from pg_database where starts_with(datname, %s)", [beginning]).fetchall()
    return [str(row[0]) for row in rows]
