"""What every process checks before it serves: its own login, and that the second wall stands."""

from __future__ import annotations

from django.db import connection

from apps.socle.installer import FIRST_INSERT, GUARD, NO_TRUNCATE, house_models, pieces, row_security_of


class Unprotected(RuntimeError):
    """The database does not protect what the code declares."""


def check_login() -> None:
    """Refuse to run as superuser, with BYPASSRLS or as the owner of a table: each would see and do everything."""
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
        if cursor.fetchone()[0]:
            raise Unprotected("DATABASE_URL is a superuser's or has BYPASSRLS: the web needs the runtime login.")
        cursor.execute(
            "select count(*) from pg_tables where schemaname = 'public' and pg_has_role(current_user, tableowner::regrole, 'member')"
        )
        if cursor.fetchone()[0]:
            raise Unprotected("DATABASE_URL is the owner's login: the web needs the runtime login, which owns nothing.")


def differences() -> list[str]:
    """Return what the installed protections lack against the declarations, a sentence each."""
    return [*_different_digests(), *_missing_triggers(), *_missing_policies()]


def _different_digests() -> list[str]:
    from apps.socle.models import InstalledProtection

    installed = dict(InstalledProtection.objects.values_list("name", "digest"))
    declared = {piece.name: piece.digest for piece in pieces()}
    return [f"{name}: not installed as declared" for name, digest in declared.items() if installed.get(name) != digest]


def _missing_triggers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where not t.tgisinternal and t.tgenabled = 'A'"
        )
        active = set(cursor.fetchall())
    expected = []
    for model in house_models():
        protection = getattr(model, "protection", None)
        if protection is not None:
            names = (GUARD, NO_TRUNCATE, FIRST_INSERT) if protection.transitions else (GUARD, NO_TRUNCATE)
            expected += [(model._meta.db_table, name) for name in names]
    return [
        f"{table}: trigger {name} is missing or disabled" for table, name in expected if (table, name) not in active
    ]


def _missing_policies() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relrowsecurity and relforcerowsecurity")
        forced = {row[0] for row in cursor.fetchall()}
    closed = [m._meta.db_table for m in house_models() if (rows := row_security_of(m)) and rows.kind != "open"]
    return [f"{table}: row level security is not forced" for table in closed if table not in forced]


def check() -> None:
    """Raise Unprotected unless this process may serve. Called by web, worker and beat as they start."""
    check_login()
    found = differences()
    if found:
        raise Unprotected("; ".join(found[:5]) + (f" … and {len(found) - 5} more" if len(found) > 5 else ""))
