"""The shape of every service: one transaction, the tenant first, all or nothing, refusals in French."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_acteur, make_tenant
from apps.socle import errors
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.commands import OtherTenant, check_deferred_constraints, command, lock_tenant
from apps.socle.errors import BusinessError, ConstraintMessage
from apps.socle.fields import uuid7
from apps.socle.scope import ScopeMissing, scope
from apps.socle.unit_of_work import step
from tests.support.database import connect_as

pytestmark = pytest.mark.database

PROBE = """
create temporary table probe (
  n integer, constraint probe_unique unique (n) deferrable initially deferred, constraint probe_positive check (n > 0)
) on commit drop
"""


@pytest.fixture
def probe(tenant, monkeypatch):
    """A table with a deferred constraint that has a French sentence, and a check that has none."""
    with connection.cursor() as cursor:
        cursor.execute(PROBE)
    said = ConstraintMessage("Ce numéro est déjà pris.", "number-taken", "numero")
    monkeypatch.setitem(errors._declared, "probe_unique", said)


def insert(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into probe values (%s)", [number])


def numbers() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select n from probe order by n")
        return [row[0] for row in cursor.fetchall()]


@command
def add_numbers(*, values: tuple[int, ...], acteur: Acteur) -> int:
    for value in values:
        insert(value)
    return len(values)


@command
def add_then_fail(*, value: int, acteur: Acteur) -> None:
    insert(value)
    raise BusinessError("Non.", code="no")


@command
def add_around(*, before: int, inner: int, after: int, acteur: Acteur) -> None:
    insert(before)
    try:
        with step():
            add_then_fail(value=inner, acteur=acteur)
    except BusinessError:
        insert(after)


@command
def add_whatever_happens(*, value: int, acteur: Acteur) -> None:
    with suppress(BusinessError):
        add_then_fail(value=value, acteur=acteur)


@command
def rename_tiers(*, code: str, acteur: Acteur) -> None:
    Tiers.objects.create(code=code, nom=code, type=Tiers.Type.PATIENT)


# Its signature -------------------------------------------------------------------------


def test_a_command_takes_keyword_arguments_only():
    def positional(value: int, *, acteur: Acteur) -> None: ...

    with pytest.raises(TypeError, match="keyword arguments only"):
        command(positional)


def test_a_command_names_who_acts():
    def anonymous(*, value: int) -> None: ...

    with pytest.raises(TypeError, match="acteur"):
        command(anonymous)


@pytest.mark.parametrize("acteur", [None, "amina", object()])
def test_the_actor_must_be_one(tenant, acteur):
    with pytest.raises(TypeError, match="`acteur` is missing"):
        add_numbers(values=(1,), acteur=acteur)


def test_a_command_keeps_its_name_and_says_that_it_is_one():
    assert add_numbers.__name__ == "add_numbers"
    assert add_numbers.is_command is True


# Scope and lock ------------------------------------------------------------------------


def test_a_command_needs_a_scope(db):
    with pytest.raises(ScopeMissing):
        add_numbers(values=(1,), acteur=SYSTEM)


def test_the_tenants_row_is_locked_before_anything_else(tenant):
    with CaptureQueriesContext(connection) as queries:
        rename_tiers(code="A", acteur=SYSTEM)
    said = [query["sql"].lower() for query in queries.captured_queries]
    assert [sql.split()[0] for sql in said] == ["savepoint", "select", "insert", "set", "set", "release"]
    assert said[1].startswith("select 1 from socle_tenantregistry")
    assert said[1].endswith("for no key update")


def test_locking_a_tenant_that_does_not_exist_is_said(db):
    """An unscoped or unknown FOR UPDATE locks nothing, silently: the row count is checked."""
    with scope(uuid7()), pytest.raises(LookupError):
        lock_tenant()


@pytest.mark.django_db(transaction=True)
def test_commands_of_one_tenant_run_one_by_one_and_tenants_apart(committed_tenant):
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with connect_as("default") as elsewhere:
        with scope(committed_tenant.id):
            lock_tenant()
            statement = "select 1 from socle_tenantregistry where tenant_id = %s for no key update nowait"
            elsewhere.execute(statement, [other.id])
            with pytest.raises(Exception, match="could not obtain lock"):
                elsewhere.execute(statement, [committed_tenant.id])
        elsewhere.execute(statement, [committed_tenant.id])


@pytest.mark.django_db(transaction=True)
def test_two_commands_that_touch_rows_in_opposite_orders_do_not_deadlock(committed_tenant):
    """Without the tenant's lock each would hold one row and wait for the other's."""
    with scope(committed_tenant.id):
        first, second = (Tiers.objects.create(code=c, nom=c, type="patient").pk for c in "AB")
    meeting = threading.Barrier(2, timeout=0.3)
    failures: list[BaseException] = []

    @command
    def touch(*, order: tuple, acteur: Acteur) -> None:
        for pk in order:
            Tiers.objects.filter(pk=pk).update(nom="touché")
            try:
                meeting.wait()
            except threading.BrokenBarrierError:
                meeting.reset()

    def work(order: tuple) -> None:
        try:
            with scope(committed_tenant.id):
                touch(order=order, acteur=SYSTEM)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(order,)) for order in [(first, second), (second, first)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert failures == []


def test_a_command_of_another_tenant_is_not_nested(tenant, autre_tenant):
    """Its row would not be locked: each tenant's command is a transaction of its own."""

    @command
    def reach_over(*, acteur: Acteur) -> None:
        with scope(autre_tenant.id):
            rename_tiers(code="X", acteur=acteur)

    with pytest.raises(OtherTenant):
        reach_over(acteur=SYSTEM)
    rename_tiers(code="X", acteur=SYSTEM)
    with scope(autre_tenant.id):
        rename_tiers(code="X", acteur=SYSTEM)


# All or nothing ------------------------------------------------------------------------


def test_a_refusal_leaves_nothing(probe):
    with pytest.raises(BusinessError):
        add_then_fail(value=1, acteur=SYSTEM)
    assert numbers() == []


def test_any_other_error_leaves_nothing_and_rises_as_it_is(probe):
    @command
    def add_then_crash(*, acteur: Acteur) -> None:
        insert(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_then_crash(acteur=SYSTEM)
    assert numbers() == []


def test_a_nested_refusal_in_a_step_takes_back_its_own_part_only(probe):
    add_around(before=1, inner=2, after=3, acteur=SYSTEM)
    assert numbers() == [1, 3]


def test_a_nested_refusal_that_is_swallowed_without_a_step_leaves_nothing(probe):
    with pytest.raises(transaction.TransactionManagementError):
        add_whatever_happens(value=1, acteur=SYSTEM)
    assert numbers() == []


def test_the_next_command_works_after_a_refusal(probe):
    for _again in range(2):
        with pytest.raises(BusinessError):
            add_then_fail(value=1, acteur=SYSTEM)
    assert add_numbers(values=(1, 2), acteur=SYSTEM) == 2


# Constraints of the database -----------------------------------------------------------


def test_deferred_constraints_are_asked_before_the_command_ends(probe):
    with pytest.raises(BusinessError) as refusal:
        add_numbers(values=(1, 2, 1), acteur=SYSTEM)
    assert (str(refusal.value), refusal.value.code) == ("Ce numéro est déjà pris.", "number-taken")
    assert (refusal.value.field, refusal.value.status) == ("numero", 422)
    assert isinstance(refusal.value.__cause__, IntegrityError)
    assert numbers() == []


@pytest.mark.parametrize("first", [(1,), (7, 7)], ids=["after a success", "after a refusal"])
def test_constraints_are_deferred_again_for_the_next_command(probe, first):
    """A command may pass through a state that the constraint forbids, whatever ran before it."""

    @command
    def pass_through(*, acteur: Acteur) -> None:
        insert(2)
        insert(2)
        with connection.cursor() as cursor:
            cursor.execute("update probe set n = 3 where ctid = (select min(ctid) from probe where n = 2)")

    try:
        add_numbers(values=first, acteur=SYSTEM)
    except BusinessError:
        assert first == (7, 7)
    pass_through(acteur=SYSTEM)
    assert [n for n in numbers() if n in (2, 3)] == [2, 3]


def test_only_the_outermost_command_asks(probe):
    """A nested command may leave to its caller what the caller will put right."""

    @command
    def repair(*, acteur: Acteur) -> None:
        add_numbers(values=(5, 5), acteur=acteur)
        with connection.cursor() as cursor:
            cursor.execute("update probe set n = 6 where ctid = (select min(ctid) from probe where n = 5)")

    repair(acteur=SYSTEM)
    assert numbers() == [5, 6]


def test_left_immediate_the_next_insert_would_fail(probe):
    """Why `set constraints` is said twice."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    insert(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(1)
    check_deferred_constraints()
    insert(2)
    insert(2)
    with pytest.raises(IntegrityError), transaction.atomic():
        check_deferred_constraints()
    with connection.cursor() as cursor:
        cursor.execute("delete from probe")


def test_a_constraint_that_nobody_declared_is_our_defect_and_rises(probe):
    with pytest.raises(IntegrityError, match="probe_positive"):
        add_numbers(values=(-1,), acteur=SYSTEM)
    assert numbers() == []


def test_a_models_constraint_speaks_french(tenant):
    rename_tiers(code="A", acteur=make_acteur(tenant))
    with pytest.raises(BusinessError) as refusal:
        rename_tiers(code="A", acteur=SYSTEM)
    assert str(refusal.value) == "Ce code désigne déjà un tiers."
    assert refusal.value.code == "organisations-tiers-code"
