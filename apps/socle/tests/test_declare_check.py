"""A rule of a table is written once, again when its text changed, and by the owner alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from apps.socle import startup
from apps.socle.installer import install
from tests.support.database import connect_as

pytestmark = pytest.mark.database

DECLARE = "select socle_declare_check('public.scratch', %s, %s)"
STANDS = """
select c.oid, obj_description(c.oid, 'pg_constraint'), pg_get_constraintdef(c.oid) from pg_constraint c
where c.conrelid = 'public.scratch'::regclass and c.conname = %s
"""
OF_THE_CHAIN = """
select c.conname, c.oid from pg_constraint c
where c.conrelid in ('public.fiscal_fiscalentry'::regclass, 'public.fiscal_fiscalclosing'::regclass)
  and obj_description(c.oid, 'pg_constraint') is not null
"""


@pytest.fixture
def owner(django_db_setup: None) -> Iterator[psycopg.Connection]:
    """The owner with a table of its own, in a transaction that is taken back."""
    with connect_as("owner", autocommit=False) as connection:
        connection.execute("create table public.scratch (amount numeric)")
        connection.execute("insert into scratch values (5)")
        yield connection
        connection.rollback()


def declare(owner: psycopg.Connection, rule: str, name: str = "scratch_rule") -> bool:
    row = owner.execute(DECLARE, [name, rule]).fetchone()
    assert row is not None
    return bool(row[0])


def stands(owner: psycopg.Connection, name: str = "scratch_rule") -> tuple[int, str, str]:
    (row,) = owner.execute(STANDS, [name]).fetchall()
    return row


def test_a_rule_is_written_and_holds(owner: psycopg.Connection) -> None:
    assert declare(owner, "amount > 0")
    _oid, digest, rule = stands(owner)
    assert (digest, rule) == (hashlib.md5(b"amount > 0").hexdigest(), "CHECK ((amount > (0)::numeric))")
    with pytest.raises(errors.CheckViolation) as refused:
        owner.execute("insert into scratch values (0)")
    assert refused.value.diag.constraint_name == "scratch_rule"


def test_the_same_text_is_not_written_again(owner: psycopg.Connection) -> None:
    declare(owner, "amount > 0")
    before = stands(owner)
    assert not declare(owner, "amount > 0")
    assert stands(owner) == before, "the same constraint: its oid too"


def test_another_text_is_written_again_and_its_neighbour_left_alone(owner: psycopg.Connection) -> None:
    declare(owner, "amount > 0")
    declare(owner, "amount <> 13", "scratch_other")
    before, neighbour = stands(owner), stands(owner, "scratch_other")
    assert declare(owner, "amount > 1")
    oid, digest, rule = stands(owner)
    assert oid != before[0]
    assert digest != before[1]
    assert "amount > (1)" in rule
    assert stands(owner, "scratch_other") == neighbour


def test_rows_that_a_new_rule_forbids_leave_the_former_one(owner: psycopg.Connection) -> None:
    declare(owner, "amount > 0")
    before = stands(owner)
    with pytest.raises(errors.CheckViolation), owner.transaction():
        declare(owner, "amount > 9")
    assert stands(owner) == before


@pytest.mark.parametrize(
    "touched",
    [
        "alter table scratch drop constraint scratch_rule",
        "alter table scratch drop constraint scratch_rule; alter table scratch add constraint scratch_rule check (true)",
        "comment on constraint scratch_rule on scratch is null",
    ],
)
def test_a_rule_that_was_taken_away_or_replaced_comes_back(owner: psycopg.Connection, touched: str) -> None:
    declare(owner, "amount > 0")
    owner.execute(touched)
    assert declare(owner, "amount > 0")
    assert stands(owner)[2] == "CHECK ((amount > (0)::numeric))"


def test_a_constraint_of_another_kind_is_no_rule(owner: psycopg.Connection) -> None:
    owner.execute("alter table scratch add constraint scratch_rule unique (amount)")
    owner.execute(f"comment on constraint scratch_rule on scratch is '{hashlib.md5(b'amount > 0').hexdigest()}'")
    assert declare(owner, "amount > 0")
    assert stands(owner)[2] == "CHECK ((amount > (0)::numeric))"


@pytest.mark.parametrize("alias", ["default", "maintenance"])
def test_the_owner_alone_declares(django_db_setup: None, alias: str) -> None:
    with (
        connect_as(alias) as login,
        pytest.raises(errors.InsufficientPrivilege, match="permission denied for function socle_declare_check"),
    ):
        login.execute("select socle_declare_check('public.socle_fait', 'x', 'true')")


def of_the_chain() -> dict[str, int]:
    with connect_as("owner") as owner:
        return dict(owner.execute(OF_THE_CHAIN).fetchall())


def test_installing_again_reads_no_table_again(django_db_setup: None, django_db_blocker: object) -> None:
    """The rules of links and closings: the same constraints stand, and one that was dropped is back."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        before = of_the_chain()
        assert len(before) == 13
        install("owner")
        assert of_the_chain() == before
        with connect_as("owner") as owner:
            owner.execute("alter table fiscal_fiscalentry drop constraint fiscal_entry_signature")
        assert "fiscal_fiscalentry: changed since it was installed" in startup.differences()
        install("owner")
        after = of_the_chain()
        assert startup.differences() == []
    assert {name for name in before if after[name] != before[name]} == {"fiscal_entry_signature"}
