"""Writes the second wall: row level security, composite keys, guards, grants and the apps' own SQL.

Everything is derived from declarations on the models (`row_security`, `protection`,
`TenantForeignKey`, decimal columns) and from `apps/<app>/sql/*.sql`. It runs as the owner after each migrate, is
idempotent, and records a digest of each piece, which start-up compares with the declarations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, models

from apps.socle.fields import finite_check
from apps.socle.immutability import Protection
from apps.socle.numbering import declared_numbers
from apps.socle.numbers_sql import carried_sql, given_sql
from apps.socle.row_security import RowSecurity
from apps.socle.seal import seals

POLICY = "cauris_rows"
READ_POLICY = "cauris_read"
GUARD = "cauris_guard"
NO_TRUNCATE = "cauris_no_truncate"
FIRST_INSERT = "cauris_initial"
WRITTEN_BY_MIGRATE = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)
THIRD_PARTY_GRANTS = dict.fromkeys(WRITTEN_BY_MIGRATE, "select") | {"django_admin_log": "select, insert"}
GRANTS = {"insert-update": "select, insert, update", "insert": "select, insert", "select": "select"}

ROLE_PLACEHOLDERS = {"default": "{runtime}", "maintenance": "{maintenance}"}


@dataclass(frozen=True)
class Piece:
    """SQL that stands or falls together, under a name: a table's protections, or a file.

    `sql` names the logins by placeholders, so that its digest is the same in a process that holds
    one login and in one that holds all three.
    """

    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def bound(self) -> str:
        """Return the SQL with the logins of this installation; lines for one that it lacks are left out."""
        bound = self.sql.replace("{owner}", "current_user")
        for alias, placeholder in ROLE_PLACEHOLDERS.items():
            role = login(alias)
            if role is None:
                bound = "\n".join(line for line in bound.splitlines() if placeholder not in line)
            else:
                bound = bound.replace(placeholder, quote(role))
        return bound


def house_apps() -> list[AppConfig]:
    """Return our own apps, lowest first: a file of SQL may use what stands below it."""
    return [config for config in reversed(list(apps.get_app_configs())) if config.name.startswith("apps.")]


def house_models() -> list[type[models.Model]]:
    """Return the concrete, managed models of our own apps, automatic link tables included."""
    return [
        m
        for config in house_apps()
        for m in config.get_models(include_auto_created=True)
        if m._meta.managed and not m._meta.proxy
    ]


def login(alias: str) -> str | None:
    """Return the database login behind `alias`, or None where it is not configured."""
    database = settings.DATABASES.get(alias)
    return str(database["USER"]) if database else None


def pieces() -> Iterator[Piece]:
    """Yield every piece in the order in which it is installed."""
    for path in _files(before_tables=True):
        yield _file_piece(path)
    for model in house_models():
        if getattr(model, "tenant_pair_unique", False):
            table = model._meta.db_table
            yield Piece(
                f"pair:{table}", _add_constraint(quote(table), tenant_key_name(model), "unique (tenant_id, id)")
            )
    for model in house_models():
        yield Piece(f"table:{model._meta.db_table}", table_sql(model))
    yield Piece("numbers:socle_counter", carried_sql(declared_numbers()))
    yield Piece("numbers:documents", given_sql(declared_numbers()))
    for path in _files(before_tables=False):
        yield _file_piece(path)


def _files(*, before_tables: bool) -> Iterator[Path]:
    for config in house_apps():
        if (config.label == "socle") == before_tables:
            yield from sorted((Path(config.path) / "sql").glob("*.sql"))


def _file_piece(path: Path) -> Piece:
    return Piece(f"file:{path.parent.parent.name}/{path.name}", path.read_text(encoding="utf-8"))


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def table_sql(model: type[models.Model]) -> str:
    """Return the SQL that protects the table of `model`."""
    table = quote(model._meta.db_table)
    parts = [
        *_row_security_sql(model, table),
        *_key_sql(model, table),
        *_finite_sql(model, table),
        *_guard_sql(model, table),
        *_grant_sql(model, table),
    ]
    return "\n".join(parts)


def row_security_of(model: type[models.Model]) -> RowSecurity | None:
    """Return the declaration of `model`; an automatic link table is open when both its ends are.

    Raises TypeError for a link table of tenants' rows: it has no tenant of its own, so nothing could close it.
    """
    if not model._meta.auto_created:
        return getattr(model, "row_security", None)
    ends = {f.related_model for f in model._meta.local_concrete_fields if f.related_model}
    if any((rows := getattr(end, "row_security", None)) and rows.kind != "open" for end in ends):
        raise TypeError(f"{model._meta.label}: a link between tenants' rows is a model of its own, with its tenant")
    return RowSecurity("open", reason="link table")


def _row_security_sql(model: type[models.Model], table: str) -> Iterator[str]:
    rows = row_security_of(model)
    if rows is None:
        raise TypeError(f"{model._meta.label} declares no row_security")
    yield _drop_policies(table)
    if rows.kind == "open":
        yield f"alter table {table} disable row level security; alter table {table} no force row level security;"
        return
    yield f"alter table {table} enable row level security; alter table {table} force row level security;"
    yield f"create policy {POLICY} on {table} using ({rows.using}) with check ({rows.check});"
    if rows.read:
        yield f"create policy {READ_POLICY} on {table} for select using ({rows.read});"


def _drop_policies(table: str) -> str:
    """Return SQL that drops whatever policies the table has: one that we did not write would widen ours."""
    found = f"select polname from pg_policy where polrelid = {literal(table)}::regclass"  # noqa: S608 - our own table
    drop = f"execute format('drop policy %I on {table}', name);"
    return f"do $do$ declare name text; begin for name in {found} loop {drop} end loop; end $do$;"


def composite_keys(model: type[models.Model]) -> list[models.ForeignKey]:
    """Return the keys of `model` that must carry the tenant (those declared with TenantForeignKey)."""
    return [f for f in model._meta.local_concrete_fields if getattr(f, "carries_tenant", False)]


def composite_key_name(key: models.ForeignKey) -> str:
    name = f"{key.model._meta.db_table}_{key.column}_tenant"
    return name if len(name) <= 63 else f"{name[:54]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def tenant_key_name(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_tenant_id_key"[:63]


def _key_sql(model: type[models.Model], table: str) -> Iterator[str]:
    for key in composite_keys(model):
        target = quote(key.related_model._meta.db_table)
        body = f"foreign key (tenant_id, {quote(key.column)}) references {target} (tenant_id, id) deferrable initially deferred"
        yield _add_constraint(table, composite_key_name(key), body)


def _finite_sql(model: type[models.Model], table: str) -> Iterator[str]:
    for field in model._meta.local_concrete_fields:
        if isinstance(field, models.DecimalField):
            name, condition = finite_check(field)
            yield _add_constraint(table, name, f"check ({condition})")


def _add_constraint(table: str, name: str, body: str) -> str:
    """Return SQL that adds a constraint once (its own name and table tell whether it is there)."""
    there = f"conname = {literal(name)} and conrelid = {literal(table)}::regclass"
    add = f"alter table {table} add constraint {quote(name)} {body}"
    return f"do $do$ begin if not exists (select from pg_constraint where {there}) then {add}; end if; end $do$;"


def _guard_sql(model: type[models.Model], table: str) -> Iterator[str]:
    for name in (GUARD, NO_TRUNCATE, FIRST_INSERT):
        yield f"drop trigger if exists {name} on {table};"
    protection: Protection | None = getattr(model, "protection", None)
    if protection is None:
        return
    _check_declaration(model, protection)
    argument = literal(json.dumps(protection.as_arguments(), sort_keys=True))
    yield f"create trigger {GUARD} before update or delete on {table} for each row execute function socle_guard({argument});"
    yield f"create trigger {NO_TRUNCATE} before truncate on {table} for each statement execute function socle_guard({argument});"
    names = [GUARD, NO_TRUNCATE]
    if protection.transitions:
        yield f"create trigger {FIRST_INSERT} before insert on {table} for each row execute function socle_guard({argument});"
        names.append(FIRST_INSERT)
    for name in names:
        yield f"alter table {table} enable always trigger {name};"


def _check_declaration(model: type[models.Model], protection: Protection) -> None:
    """Refuse a declaration that says what it cannot mean: it would protect nothing, or lock everything."""
    columns = {f.column for f in model._meta.local_concrete_fields}
    if problems := protection.problems(columns):
        raise TypeError(f"{model._meta.label}: protection " + "; ".join(problems))


def _grant_sql(model: type[models.Model], table: str) -> Iterator[str]:
    # A link table is written by whoever may write the side that declares it.
    protection: Protection | None = getattr(model._meta.auto_created or model, "protection", None)
    allowed = "select, insert, update, delete" if protection is None else GRANTS[protection.runtime]
    if protection is not None and protection.deletable_states:
        allowed += ", delete"
    yield f"revoke all on {table} from public;"
    yield f"revoke all on {table} from {{runtime}}; grant {allowed} on {table} to {{runtime}};"
    yield f"grant select, insert, update, delete on {table} to {{maintenance}};"


def _third_party_sql(existing: set[str]) -> Iterator[str]:
    """Return grants on the tables of libraries (sessions, allauth, beat, cache) and on sequences.

    What only a migrate writes (permissions, content types), the runtime reads; a log is added to.
    """
    ours = {m._meta.db_table for m in house_models()}
    for table in sorted(existing - ours):
        allowed = THIRD_PARTY_GRANTS.get(table, "select, insert, update, delete")
        yield f"revoke all on {quote(table)} from {{runtime}}; grant {allowed} on {quote(table)} to {{runtime}};"
        yield f"grant select, insert, update, delete on {quote(table)} to {{maintenance}};"
    yield "grant usage, select on all sequences in schema public to {runtime};"
    yield "grant usage, select on all sequences in schema public to {maintenance};"


def install(alias: str) -> list[str]:
    """Install every piece through the connection `alias`, in one transaction; return the names installed.

    Tables that are not migrated yet are left out, and come with the migrate that makes them.
    """
    from django.db import transaction

    connection = connections[alias]
    done = []
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        existing = _tables(cursor)
        if "socle_installedprotection" not in existing:
            return []
        complete = all(m._meta.db_table in existing for m in house_models())
        for piece in pieces():
            if _installable(piece, existing, complete):
                cursor.execute(piece.bound())
                _remember(cursor, piece.name, piece.digest)
                done.append(piece.name)
        cursor.execute(Piece("third parties", "\n".join(_third_party_sql(existing))).bound())
        for name, seal in seals(alias, (m._meta.db_table for m in house_models())).items():
            _remember(cursor, f"seal:{name}", seal)
    return done


def _tables(cursor: object) -> set[str]:
    cursor.execute("select tablename from pg_tables where schemaname = 'public'")  # type: ignore[attr-defined]
    return {row[0] for row in cursor.fetchall()}  # type: ignore[attr-defined]


def _installable(piece: Piece, existing: set[str], complete: bool) -> bool:
    kind, _, name = piece.name.partition(":")
    if kind in {"table", "pair"}:
        return name in existing
    return complete or piece.name.startswith("file:socle/")


def _remember(cursor: object, name: str, digest: str) -> None:
    cursor.execute(  # type: ignore[attr-defined]
        "insert into socle_installedprotection (name, digest, installed_at) values (%s, %s, now())"
        " on conflict (name) do update set digest = excluded.digest, installed_at = now()",
        [name, digest],
    )


def install_after_migrate(sender: AppConfig, using: str, **kwargs: object) -> None:
    """Receiver of `post_migrate`: every table is there by then. Only an owner's migrate installs."""
    if using == "owner" or login("owner") is None:
        install(using)
