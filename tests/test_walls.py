"""The second wall, table by table: what PostgreSQL itself refuses, generated from the models' declarations.

Nothing is skipped: a table of ours without a declaration, or a closed one of which no
`specimens.py` makes a row, fails here. Each attack runs on a connection of its own and is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from django.db import models
from psycopg import errors, sql

from apps.organisations.models import Membership
from apps.socle.installer import (
    FIRST_INSERT,
    GUARD,
    NO_TRUNCATE,
    composite_key_name,
    composite_keys,
    house_models,
    row_security_of,
    tenant_key_name,
)
from tests.support.database import Alias, connect_as, connection_string
from tests.support.specimens import Specimens, closed_models

pytestmark = pytest.mark.database

CLOSED = closed_models()
KEYS = [key for model in house_models() for key in composite_keys(model)]
PROTECTED = [model for model in house_models() if getattr(model, "protection", None)]
_connections: dict[Alias, psycopg.Connection] = {}
LOGINS: tuple[Alias, ...] = ("default", "owner", "maintenance")


def label(item: type[models.Model] | models.ForeignKey) -> str:
    return item._meta.label if isinstance(item, type) else f"{item.model._meta.label}.{item.name}"


def table(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def tenant_column(model: type[models.Model]) -> str:
    return "id" if model._meta.label == "organisations.Tenant" else "tenant_id"


@contextmanager
def acting(login: Alias, tenant_id: UUID | None = None, person: UUID | None = None) -> Iterator[psycopg.Connection]:
    """A transaction of `login` in that scope, always rolled back. A login keeps one connection: opening costs more."""
    if login not in _connections:
        _connections[login] = psycopg.connect(connection_string(login))
    connection = _connections[login]
    try:
        for name, value in (("cauris.tenant", tenant_id), ("cauris.user", person)):
            connection.execute("select set_config(%s, %s, true)", [name, str(value or "")])
        yield connection
    finally:
        connection.rollback()


@pytest.fixture(autouse=True, scope="module")
def closed_at_the_end() -> Iterator[None]:
    yield
    while _connections:
        _connections.popitem()[1].close()


def count(connection: psycopg.Connection, model: type[models.Model], key: UUID) -> int:
    query = sql.SQL("select count(*) from {} where {} = %s").format(table(model), sql.Identifier(model._meta.pk.column))
    return connection.execute(query, [key]).fetchone()[0]


# Declarations ---------------------------------------------------------------------------


@pytest.mark.parametrize("model", house_models(), ids=label)
def test_every_table_says_whose_rows_it_holds(model):
    rows = row_security_of(model)
    assert rows is not None, "declare row_security"
    if rows.kind == "open":
        assert rows.reason, "an open table says why"
        assert "tenant" not in {f.name for f in model._meta.local_fields}, "a tenant's rows are closed"
    else:
        assert rows.using, "a closed table has a rule"
        assert rows.check, "and one for what is written"


def test_a_key_between_tenants_rows_carries_the_tenant():
    """A plain foreign key would accept another tenant's row: key checks bypass row level security."""
    closed = {m._meta.label for m in CLOSED} - {"organisations.Tenant"}
    plain = [
        label(field)
        for model in CLOSED
        for field in model._meta.local_concrete_fields
        if field.related_model
        and field.related_model._meta.label in closed
        and not getattr(field, "carries_tenant", False)
    ]
    assert plain == []


def test_views_and_functions_do_not_step_over_the_wall(specimens):
    """A view reads as its owner unless it is security_invoker; a definer's function obeys a search path set by others."""
    with acting("owner") as connection:
        views = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"
            " and not coalesce(reloptions::text like '%security_invoker=true%', false)"
        ).fetchall()
        functions = connection.execute(
            "select proname from pg_proc p where pronamespace = 'public'::regnamespace and proowner = current_user::regrole"
            " and (prosecdef or prorettype = 'trigger'::regtype)"
            " and not coalesce(exists (select from unnest(proconfig) c where c like 'search_path=%'), false)"
        ).fetchall()
    assert views == []
    assert functions == []


# Row level security ---------------------------------------------------------------------


@pytest.mark.parametrize("login", ["default", "owner"])
@pytest.mark.parametrize("model", CLOSED, ids=label)
def test_rows_are_seen_in_their_scope_only(specimens: Specimens, model, login):
    """Raw SQL, by the runtime and by the owner under FORCE."""
    key = specimens.key(model)
    with acting(login) as connection:
        assert count(connection, model, key) == 0, "no scope"
    with acting(login, specimens.other.pk) as connection:
        assert count(connection, model, key) == 0, "another tenant's scope"
        assert count(connection, model, specimens.key(model, specimens.other)) == 1
    with acting(login, specimens.tenant.pk) as connection:
        assert count(connection, model, key) == 1, "its own scope"


@pytest.mark.parametrize("model", CLOSED, ids=label)
def test_the_setting_left_empty_by_a_former_transaction_is_no_scope(specimens: Specimens, model):
    """After a transaction the setting is '', not NULL."""
    with connect_as("default") as connection:
        with connection.transaction():
            connection.execute("select set_config('cauris.tenant', %s, true)", [str(specimens.tenant.pk)])
        assert connection.execute("select current_setting('cauris.tenant', true)").fetchone() == ("",)
        assert count(connection, model, specimens.key(model)) == 0


@pytest.mark.parametrize("model", CLOSED, ids=label)
def test_another_tenants_row_is_neither_changed_nor_deleted(specimens: Specimens, model):
    """By the owner, guards off: the policy alone stands in the way."""
    pk = sql.Identifier(model._meta.pk.column)
    for statement in ("update {} set {pk} = {pk} where {pk} = %s", "delete from {} where {pk} = %s"):
        with acting("owner", specimens.other.pk) as connection:
            connection.execute(sql.SQL("alter table {} disable trigger user").format(table(model)))
            done = connection.execute(sql.SQL(statement).format(table(model), pk=pk), [specimens.key(model)])
            assert done.rowcount == 0


@pytest.mark.parametrize("model", CLOSED, ids=label)
def test_a_row_cannot_be_written_for_another_tenant(specimens: Specimens, model):
    """WITH CHECK: a copy of one's own row under the other's name is refused, guards and grants aside."""
    whose, pk = tenant_column(model), model._meta.pk.column
    values = {whose: sql.Placeholder(), pk: sql.SQL("gen_random_uuid()")} | (
        {whose: sql.Placeholder()} if whose == pk else {}
    )
    columns = [f.column for f in model._meta.local_concrete_fields if not f.generated]
    insert = sql.SQL("insert into {t} ({columns}) select {values} from {t} where {pk} = %s").format(
        t=table(model),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values.get(c, sql.Identifier(c)) for c in columns),
        pk=sql.Identifier(pk),
    )
    with acting("owner", specimens.tenant.pk) as connection:
        connection.execute(sql.SQL("alter table {} disable trigger user").format(table(model)))
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security policy"):
            connection.execute(insert, [specimens.other.pk, specimens.key(model)])


def test_a_person_reads_her_memberships_everywhere_and_writes_none(specimens: Specimens):
    """To choose an establishment she must see them; the policy for writing is the tenant's alone."""
    mine = specimens.key(Membership)
    with acting("owner", specimens.tenant.pk) as connection:
        person = connection.execute("select user_id from organisations_membership where id = %s", [mine]).fetchone()[0]
    with acting("default", specimens.other.pk, person=person) as connection:
        assert count(connection, Membership, mine) == 1
        connection.execute("select set_config('cauris.user', '', true)")
        assert count(connection, Membership, mine) == 0
    with acting("owner", specimens.other.pk, person=person) as connection:
        connection.execute("alter table organisations_membership disable trigger user")
        assert count(connection, Membership, mine) == 1
        for statement in (
            "update organisations_membership set is_active = false where id = %s",
            "update organisations_membership set tenant_id = current_setting('cauris.tenant')::uuid where id = %s",
            "delete from organisations_membership where id = %s",
        ):
            assert connection.execute(statement, [mine]).rowcount == 0, statement


# Composite keys -------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=label)
def test_a_key_to_another_tenants_row_is_refused(specimens: Specimens, key):
    """Told by the constraint that carries the tenant, not by a policy: key checks bypass policies."""
    model, target = key.model, key.related_model
    column = sql.Identifier(key.column)
    with acting("owner", specimens.tenant.pk) as connection:
        connection.execute(sql.SQL("alter table {} disable trigger user").format(table(model)))
        _drop_unique_and_checks(connection, model)
        statement = sql.SQL("update {} set {} = %s where id = %s").format(table(model), column)
        connection.execute("set constraints all deferred")
        assert (
            connection.execute(statement, [specimens.key(target, specimens.other), specimens.key(model)]).rowcount == 1
        )
        with pytest.raises(errors.ForeignKeyViolation) as refusal:
            connection.execute("set constraints all immediate")
        assert refusal.value.diag.constraint_name == composite_key_name(key)


def _drop_unique_and_checks(connection: psycopg.Connection, model: type[models.Model]) -> None:
    """Take away what else could refuse: the transaction is rolled back."""
    found = connection.execute(
        "select conname from pg_constraint where conrelid = %s::regclass and contype in ('u', 'c', 'x') and conname <> %s",
        [model._meta.db_table, tenant_key_name(model)],
    ).fetchall()
    for (name,) in found:
        drop = sql.SQL("alter table {} drop constraint {} cascade").format(table(model), sql.Identifier(name))
        connection.execute(drop)


# Logins ---------------------------------------------------------------------------------


def test_the_runtime_login_owns_nothing_and_stands_above_nothing(specimens):
    with acting("default") as connection:
        owned = connection.execute(
            "select relname from pg_class where relowner = current_user::regrole and relpersistence = 'p'"
        ).fetchall()
        above = connection.execute(
            "select rolname from pg_roles where pg_has_role(current_user, oid, 'member') and rolname <> current_user"
        ).fetchall()
        flags = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        ).fetchone()
    assert (owned, above, flags) == ([], [], (False,) * 4)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table organisations_tiers no force row level security",
        "drop policy cauris_rows on organisations_tiers",
        "create policy more on organisations_tiers using (true)",
        "alter table socle_fait disable trigger cauris_guard",
        "drop trigger cauris_guard on socle_fait",
        "create or replace function socle_guard() returns trigger language plpgsql as 'begin return new; end'",
        "set session_replication_role = replica",
        "set role postgres",
        "create table public.mine (n int)",
        "update django_migrations set applied = now()",
        "insert into organisations_role_permissions (role_id, permission_id) select r.id, p.id from organisations_role r, auth_permission p",
        "update organisations_role set needs_second_factor = false",
        "insert into auth_permission (name, content_type_id, codename) select 'x', id, 'x' from django_content_type limit 1",
        "update socle_installedprotection set digest = ''",
        "delete from socle_tenantregistry",
    ],
)
def test_the_runtime_login_cannot_take_the_wall_down(specimens, statement):
    with acting("default") as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)


def test_the_maintenance_login_passes_the_policies_and_not_the_guards(specimens: Specimens):
    fait = next(m for m in CLOSED if m._meta.label == "socle.Fait")
    with acting("maintenance") as connection:
        assert count(connection, fait, specimens.key(fait)) == 1
        with pytest.raises(errors.CheckViolation):
            connection.execute("update socle_fait set number = 'X' where id = %s", [specimens.key(fait)])


# Guards on the rows themselves ------------------------------------------------------------


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("model", [m for m in PROTECTED if m in CLOSED], ids=label)
def test_an_issued_row_is_neither_changed_nor_deleted(specimens: Specimens, model, login):
    """Each column that the declaration does not let live in this row's state, one by one, and the row itself."""
    for column in _fixed_columns(specimens, model):
        with acting(login, specimens.tenant.pk) as connection:
            _refused(connection, _change(connection, model, column), specimens.key(model))
    if _state(specimens, model) not in model.protection.deletable_states:
        with acting(login, specimens.tenant.pk) as connection:
            _refused(connection, sql.SQL("delete from {} where id = %s").format(table(model)), specimens.key(model))


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("model", PROTECTED, ids=label)
def test_a_protected_table_is_not_emptied(specimens, model, login):
    with acting(login) as connection:
        _refused(connection, sql.SQL("truncate {} cascade").format(table(model)))


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("model", [m for m in PROTECTED if m in CLOSED and m.protection.transitions], ids=label)
def test_a_step_outside_the_table_is_refused(specimens: Specimens, model, login):
    state, pairs = _state(specimens, model), model.protection.transitions.pairs()
    forbidden = [s for s in (*model.protection.transitions.states(), "?") if (state, s) not in pairs and s != state]
    assert forbidden
    for target in forbidden:
        statement = sql.SQL("update {} set {} = {} where id = %s").format(
            table(model), sql.Identifier(model.protection.state), sql.Literal(target)
        )
        with acting(login, specimens.tenant.pk) as connection:
            _refused(connection, statement, specimens.key(model), constraint="socle_transition")


@pytest.mark.parametrize("model", PROTECTED, ids=label)
def test_guards_stand_even_for_a_replica_session(specimens, model):
    """ENABLE ALWAYS: an ordinary trigger sleeps under session_replication_role = replica."""
    names = sorted([GUARD, NO_TRUNCATE, *([FIRST_INSERT] if model.protection.transitions else [])])
    with acting("owner") as connection:
        rows = connection.execute(
            "select tgname, tgenabled from pg_trigger where tgrelid = %s::regclass and tgname = any(%s)",
            [model._meta.db_table, names],
        ).fetchall()
    assert sorted(rows) == [(name, "A") for name in names]


# Guards in every state --------------------------------------------------------------------

STATEFUL = [(m, state) for m in PROTECTED if m.protection.transitions for state in m.protection.transitions.states()]


@contextmanager
def in_state(model: type[models.Model], state: str) -> Iterator[psycopg.Connection]:
    """A bare copy of the table with its guard, holding one row in `state`: no check or other trigger speaks."""
    with acting("owner") as connection:
        connection.execute(sql.SQL("create temp table bare (like {})").format(table(model)))
        for (name,) in connection.execute(
            "select attname from pg_attribute where attrelid = 'bare'::regclass and attnum > 0 and attnotnull"
        ).fetchall():
            connection.execute(sql.SQL("alter table bare alter {} drop not null").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("insert into bare (id, {}) values (gen_random_uuid(), %s)").format(
                sql.Identifier(model.protection.state)
            ),
            [state],
        )
        for (definition,) in connection.execute(
            "select pg_get_triggerdef(oid) from pg_trigger where tgrelid = %s::regclass and tgname = any(%s)",
            [model._meta.db_table, [GUARD, FIRST_INSERT]],
        ).fetchall():
            connection.execute(definition.replace(f" ON public.{model._meta.db_table} ", " ON bare "))
        yield connection


def _passes(connection: psycopg.Connection, statement: str | sql.Composed) -> str:
    """Return the name of the constraint that refuses `statement`, empty when nothing does; undo it either way."""
    try:
        with connection.transaction(force_rollback=True):
            assert connection.execute(statement).rowcount == 1
    except errors.CheckViolation as error:
        return error.diag.constraint_name
    return ""


@pytest.mark.parametrize(("model", "state"), STATEFUL, ids=lambda part: part if isinstance(part, str) else label(part))
def test_in_each_state_only_its_living_columns_change(specimens, model, state):
    protection = model.protection
    with in_state(model, state) as connection:
        for column in (f.column for f in model._meta.local_concrete_fields):
            if column != protection.state:
                change = _change(connection, model, column).as_string(connection)
                change = change.replace(f'"{model._meta.db_table}"', "bare").replace(" where id = %s", "")
                expected = "" if protection.may_change(column, state) else "socle_immutable"
                assert _passes(connection, change) == expected, column


@pytest.mark.parametrize(("model", "state"), STATEFUL, ids=lambda part: part if isinstance(part, str) else label(part))
def test_in_each_state_only_its_steps_are_taken(specimens, model, state):
    protection, pairs = model.protection, model.protection.transitions.pairs()
    column = sql.Identifier(protection.state)
    with in_state(model, state) as connection:
        for target in (*protection.transitions.states(), "?"):
            if target != state:
                step = sql.SQL("update bare set {} = {}").format(column, sql.Literal(target))
                expected = "" if (state, target) in pairs else "socle_transition"
                assert _passes(connection, step) == expected, target
            birth = sql.SQL("insert into bare (id, {}) values (gen_random_uuid(), {})").format(
                column, sql.Literal(target)
            )
            expected = "" if target in protection.transitions.initial else "socle_transition"
            assert _passes(connection, birth) == expected, target
        expected = "" if state in protection.deletable_states else "socle_immutable"
        assert _passes(connection, "delete from bare") == expected


def _refused(
    connection: psycopg.Connection,
    statement: sql.Composable,
    key: UUID | None = None,
    constraint: str = "socle_immutable",
) -> None:
    """The guard refuses; the runtime may meet its missing grant before."""
    with pytest.raises((errors.CheckViolation, errors.InsufficientPrivilege)) as refusal:
        connection.execute(statement, None if key is None else [key])
    if isinstance(refusal.value, errors.InsufficientPrivilege):
        assert connection.info.user.endswith(("runtime", "maintenance")), "the owner meets the guard"
        assert "permission denied" in str(refusal.value)
    else:
        assert refusal.value.diag.constraint_name == constraint, statement.as_string(connection)


def _state(specimens: Specimens, model: type[models.Model]) -> str | None:
    if not model.protection.state:
        return None
    query = sql.SQL("select {} from {} where id = %s").format(sql.Identifier(model.protection.state), table(model))
    with acting("owner", specimens.tenant.pk) as connection:
        return connection.execute(query, [specimens.key(model)]).fetchone()[0]


def _fixed_columns(specimens: Specimens, model: type[models.Model]) -> list[str]:
    state = _state(specimens, model)
    columns = [f.column for f in model._meta.local_concrete_fields]
    return [c for c in columns if not model.protection.may_change(c, state) and c != model.protection.state]


def _change(connection: psycopg.Connection, model: type[models.Model], column: str) -> sql.Composed:
    """An UPDATE that gives `column` another value: NULL, or something where it is NULL already.

    A guard runs before NOT NULL, CHECK and keys are asked, so any other value will do.
    """
    kind = connection.execute(
        "select format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass and attname = %s",
        [model._meta.db_table, column],
    ).fetchone()[0]
    some = {
        "uuid": "00000000-0000-7000-8000-000000000000",
        "date": "2001-02-03",
        "timestamp with time zone": "2001-02-03 04:05Z",
        "inet": "192.0.2.1",
    }.get(kind, "1")
    name, value = sql.Identifier(column), sql.SQL("{}::{}").format(sql.Literal(some), sql.SQL(kind))
    return sql.SQL("update {} set {} = case when {} is null then {} end where id = %s").format(
        table(model), name, name, value
    )
