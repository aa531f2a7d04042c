"""What every process checks before it serves: its own login, that the second wall stands, that no restore is half done."""

from __future__ import annotations

from django.db import connection

from apps.socle.installer import FIRST_INSERT, GUARD, NO_TRUNCATE, POLICY, house_models, pieces, row_security_of
from apps.socle.local_files import half_restored
from apps.socle.seal import seals


class Unprotected(RuntimeError):
    """The database does not protect what the code declares."""


# Whose rights this login has or can take (SET ROLE): its own and those of the roles that it belongs to.
_ABOVE = """
select bool_or(rolsuper), bool_or(rolbypassrls), bool_or(rolcreaterole)
from pg_roles where pg_has_role(current_user, oid, 'member')
"""
_OWNED = """
select count(*) from (
  select relowner as owner from pg_class where relnamespace = 'public'::regnamespace
  union all select proowner from pg_proc where pronamespace = 'public'::regnamespace
  union all select nspowner from pg_namespace where nspname = 'public'
  union all select datdba from pg_database where datname = current_database()
) owned where pg_has_role(current_user, owner, 'member')
"""


def check_login() -> None:
    """Refuse to run as superuser, with BYPASSRLS or as an owner: each would see and do everything."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE)
        if any(cursor.fetchone()):
            raise Unprotected(
                "DATABASE_URL is a superuser's, has BYPASSRLS or can make logins: the web needs the runtime login."
            )
        cursor.execute(_OWNED)
        if cursor.fetchone()[0]:
            raise Unprotected("DATABASE_URL is the owner's login: the web needs the runtime login, which owns nothing.")


def differences() -> list[str]:
    """Return what the installed protections lack against the declarations, a sentence each."""
    return [*_different_digests(), *_missing_triggers(), *_missing_policies(), *_broken_seals()]


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
        cursor.execute("select tablename from pg_policies where policyname = %s", [POLICY])
        ruled = {row[0] for row in cursor.fetchall()}
    closed = [m._meta.db_table for m in house_models() if (rows := row_security_of(m)) and rows.kind != "open"]
    return [
        *(f"{table}: row level security is not forced" for table in closed if table not in forced),
        *(f"{table}: policy {POLICY} is missing" for table in closed if table not in ruled),
    ]


def _broken_seals() -> list[str]:
    from apps.socle.models import InstalledProtection

    kept = dict(InstalledProtection.objects.filter(name__startswith="seal:").values_list("name", "digest"))
    found = seals("default", [m._meta.db_table for m in house_models()])
    return [
        f"{name}: changed since it was installed" for name, seal in found.items() if kept.get(f"seal:{name}") != seal
    ]


def check() -> None:
    """Raise Unprotected unless this process may serve. Called by web, worker and beat as they start.

    The connection is closed again: a process that forks afterwards must not share it.
    """
    try:
        check_login()
        found = [sentence] if (sentence := half_restored()) else differences()
    finally:
        if not connection.in_atomic_block:
            connection.close()
    if found:
        raise Unprotected("; ".join(found[:5]) + (f" … and {len(found) - 5} more" if len(found) > 5 else ""))
