"""What a command keeps in hand: rows that wait, reference rows read once, and parts that may fail alone."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.organisations.models import Tiers
from apps.organisations.selectors import current_tenant
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail
from apps.socle.unit_of_work import (
    collect,
    current,
    forget,
    held,
    held_list,
    hold,
    hold_list,
    insert_as_born,
    insert_later,
    once,
    step,
    update_later,
    write_waiting,
)


def tiers(code: str) -> Tiers:
    return Tiers(code=code, nom=code, type=Tiers.Type.PATIENT)


def audited() -> list[str]:
    return list(
        AuditTrail.objects.filter(action__startswith="essai")
        .order_by("created_at", "id")
        .values_list("action", flat=True)
    )


@command
def audit(*, actions: tuple[str, ...], early: bool = False, fail: bool = False, acteur: Acteur) -> int:
    for action in actions:
        record(action, current_tenant(), acteur)
    if early:
        write_waiting()
    if fail:
        raise BusinessError("Non.", code="no")
    return sum(len(items) for _write, items in current().waiting.values())


@command
def audit_in_steps(*, acteur: Acteur) -> None:
    audit(actions=("essai-1",), acteur=acteur)
    with pytest.raises(BusinessError), step():
        audit(actions=("essai-2",), fail=True, acteur=acteur)
    audit(actions=("essai-3",), acteur=acteur)


def test_rows_wait_for_the_end_and_go_in_together(tenant):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert audit(actions=("essai-1", "essai-2", "essai-3"), acteur=SYSTEM) == 3
    assert sum("socle_audittrail" in query["sql"] for query in queries) == 1
    assert audited() == ["essai-1", "essai-2", "essai-3"]
    assert current() is None


def test_a_refusal_leaves_none_of_them(tenant):
    with pytest.raises(BusinessError):
        audit(actions=("essai-1",), fail=True, acteur=SYSTEM)
    assert audited() == []
    audit(actions=("essai-2",), acteur=SYSTEM)
    assert audited() == ["essai-2"]


def test_a_step_that_fails_takes_what_it_left_waiting_with_it(tenant):
    audit_in_steps(acteur=SYSTEM)
    assert audited() == ["essai-1", "essai-3"]


def test_a_step_outside_of_commands_is_a_savepoint(tenant):
    insert_later(tiers("T-2"))
    with pytest.raises(IntegrityError), step():
        insert_later(tiers("T-2"))
    assert list(Tiers.objects.filter(code="T-2").values_list("code", flat=True)) == ["T-2"]
    assert not Tiers.objects.filter(code="T-1").exists()


def test_outside_of_commands_rows_go_in_at_once_and_nothing_is_remembered(tenant):
    insert_later(tiers("T-1"))
    assert Tiers.objects.filter(code="T-1").exists()
    answers = iter((1, 2))
    assert (once(("essai",), lambda: next(answers)), once(("essai",), lambda: next(answers))) == (1, 2)


def test_a_reference_row_is_read_once_a_command(tenant, django_assert_num_queries):
    @command
    def ask(*, acteur: Acteur) -> tuple[int, int, int]:
        answers = iter((1, 2))
        first, again = (once(("essai",), lambda: next(answers)) for _time in range(2))
        forget("essai")
        return first, again, once(("essai",), lambda: next(answers))

    assert ask(acteur=SYSTEM) == ask(acteur=SYSTEM) == (1, 1, 2)


def test_what_a_failed_step_learnt_is_forgotten(tenant):
    @command
    def ask(*, acteur: Acteur) -> str:
        with pytest.raises(BusinessError), step():
            audit(actions=(once(("essai",), lambda: "learnt in vain"),), fail=True, acteur=acteur)
        return once(("essai",), lambda: "read")

    assert ask(acteur=SYSTEM) == "read"


# Rows in hand and items that wait ----------------------------------------------------------


def test_a_row_in_hand_is_the_same_object_until_the_command_ends(tenant):
    @command
    def make(*, acteur: Acteur) -> Tiers:
        made = hold(Tiers.objects.create(code="T-1", nom="T-1", type=Tiers.Type.PATIENT))
        assert held(Tiers, made.pk) is made
        return made

    assert held(Tiers, make(acteur=SYSTEM).pk) is None


def test_a_failed_step_lets_go_of_every_row_in_hand(tenant):
    """Whatever was locked before may have been changed by it: it is read again."""

    @command
    def change_in_vain(*, acteur: Acteur) -> tuple[Tiers | None, list[Tiers]]:
        made = hold(Tiers.objects.create(code="T-1", nom="T-1", type=Tiers.Type.PATIENT))
        held_list(("open",), lambda: [made], owner=made.pk)
        with pytest.raises(BusinessError), step():
            audit(actions=(), fail=True, acteur=acteur)
        return held(Tiers, made.pk), held_list(("open",), list, owner=made.pk)

    assert change_in_vain(acteur=SYSTEM) == (None, [])


def test_what_a_born_row_owns_is_known_without_asking(tenant):
    @command
    def make(*, acteur: Acteur) -> None:
        made = insert_as_born(tiers("T-1"))
        mine = held_list(("open", made.pk), lambda: pytest.fail("it cannot have any"), owner=made.pk)
        mine.append(made)
        assert held_list(("open", made.pk), list, owner=made.pk) == [made]
        with pytest.raises(BusinessError), step():
            audit(actions=(), fail=True, acteur=acteur)
        read = held_list(("open", made.pk), lambda: list(Tiers.objects.filter(pk=made.pk)), owner=made.pk)
        assert read == [made], "what was added to the list is written by now, and the list is read again"

    make(acteur=SYSTEM)


def test_lists_read_together_are_asked_no_more(tenant):
    @command
    def read(*, acteur: Acteur) -> list[Tiers]:
        known = tiers("T-1")
        hold_list(("open", "T-1"), [known])
        hold_list(("open", "T-1"), [])  # the first stands: rows may have been added to it
        return held_list(("open", "T-1"), lambda: pytest.fail("asked again"), owner=current_tenant().pk)

    assert [row.code for row in read(acteur=SYSTEM)] == ["T-1"]


def test_an_error_of_what_waits_is_said_in_french_and_nothing_stays(tenant):
    """Two rows of one code, written in one pipeline with what comes after them."""

    @command
    def twice(*, acteur: Acteur) -> None:
        insert_later(tiers("T-1"))
        record("essai-1", current_tenant(), acteur)
        again = tiers("T-1")
        again.tenant = current_tenant()
        collect("again", again, Tiers.objects.bulk_create)
        record("essai-2", current_tenant(), acteur)

    with pytest.raises(BusinessError, match="désigne déjà un tiers"):
        twice(acteur=SYSTEM)
    assert not Tiers.objects.filter(code="T-1").exists()
    assert audited() == []


def test_kinds_are_written_in_the_order_in_which_they_came(tenant):
    written: list[tuple[str, list[int]]] = []

    @command
    def leave(*, acteur: Acteur) -> None:
        for kind, item in (("b", 1), ("a", 2), ("b", 3)):
            collect(kind, item, lambda items, kind=kind: written.append((kind, items)))

    leave(acteur=SYSTEM)
    assert written == [("b", [1, 3]), ("a", [2])]


def test_a_failed_step_loses_nothing_that_earlier_parts_left(tenant):
    """Written early inside a part that fails, it is written again: what is read afterwards is there."""

    @command
    def read_in_a_step(*, acteur: Acteur) -> int:
        record("essai-1", current_tenant(), acteur)
        with pytest.raises(BusinessError), step():
            audit(actions=(), early=True, fail=True, acteur=acteur)
        return len(audited())

    assert read_in_a_step(acteur=SYSTEM) == 1
    assert audited() == ["essai-1"]


# Rows that the same command changes --------------------------------------------------------


def test_a_row_goes_in_as_it_was_born_and_takes_its_steps_afterwards(tenant):
    """As the guards see it, an invoice is issued, then paid in part, then whole, in the order of the command."""
    seen: list[str] = []

    @command
    def make_and_rename(*, acteur: Acteur) -> Tiers:
        made = insert_as_born(tiers("T-1"))
        for name in ("Un", "Deux"):
            made.nom = name
            update_later(made, "nom")
        with connection.execute_wrapper(lambda execute, sql, *rest: (seen.append(sql), execute(sql, *rest))[1]):
            write_waiting()
        return made

    made = make_and_rename(acteur=SYSTEM)
    assert [statement.split()[0] for statement in seen] == ["INSERT", "with", "with"]
    assert Tiers.objects.get(pk=made.pk).nom == "Deux"


def test_updates_of_many_rows_are_one_statement(tenant):
    @command
    def rename(*, acteur: Acteur) -> None:
        for row in Tiers.objects.filter(code__startswith="T-"):
            row.nom = f"{row.code} bis"
            update_later(row, "nom", "telephone")

    for number in range(5):
        insert_later(tiers(f"T-{number}"))
    with CaptureQueriesContext(connection) as queries:
        rename(acteur=SYSTEM)
    assert sum('update "organisations_tiers"' in query["sql"] for query in queries) == 1
    assert Tiers.objects.get(code="T-3").nom == "T-3 bis"


def test_an_update_that_finds_no_row_is_no_update(tenant, autre_tenant):
    stray = tiers("T-1")
    with pytest.raises(LookupError, match="0 of 1"):
        update_later(stray, "nom")
