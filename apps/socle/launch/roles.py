"""The database `cauris` and its three logins, made by the superuser of the embedded server.

On a server that we do not run, the administrator does the same once (docs/architecture.md).
Everything here may be run again.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

DATABASE = "cauris"
OWNER = "cauris_owner"
RUNTIME = "cauris_runtime"
MAINTENANCE = "cauris_maintenance"
LOGINS = {"default": RUNTIME, "owner": OWNER, "maintenance": MAINTENANCE}
ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOBYPASSRLS",
    RUNTIME: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
    MAINTENANCE: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS",
}


def install(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Create logins and database. `superuser_url` names the database postgres; `passwords` are by login."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for login, attributes in ATTRIBUTES.items():
            _create_login(connection, login, attributes, passwords[login])
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
                sql.Identifier(DATABASE), sql.Identifier(RUNTIME), sql.Identifier(MAINTENANCE)
            )
        )
    # Test databases are copies of template1, made by the owner, who may not create extensions.
    for database in (DATABASE, "template1"):
        with psycopg.connect(superuser_url, dbname=database, autocommit=True) as connection:
            _prepare_schema(connection)


def _create_login(connection: psycopg.Connection, login: str, attributes: str, password: str) -> None:
    exists = _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", login)
    connection.execute(
        sql.SQL("{} ROLE {} {} PASSWORD {}").format(
            sql.SQL("ALTER" if exists else "CREATE"),
            sql.Identifier(login),
            sql.SQL(attributes),
            sql.Literal(password),
        )
    )


def _prepare_schema(connection: psycopg.Connection) -> None:
    connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(sql.Identifier(RUNTIME), sql.Identifier(MAINTENANCE))
    )


def _exists(connection: psycopg.Connection, query: str, value: str) -> bool:
    return connection.execute(query, [value]).fetchone() is not None
