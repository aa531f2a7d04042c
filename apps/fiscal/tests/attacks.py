"""The owner's hands: everything switched off, in a transaction that is thrown away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import psycopg

from apps.fiscal.services.verify_chain import Verification, verify_chain
from apps.organisations.models import Tenant
from apps.socle.scope import scope
from tests.support.database import connect_as

LENGTH = 5
"""Links of the chain that the fixture `hospital` makes."""
# The verifier reads the keys through its own connection, so their table must stay unlocked here.
TABLES = ["fiscal_fiscalentry", "fiscal_fiscalsequence", "fiscal_fiscalcommitment", "fiscal_fiscalclosing"]
CONSTRAINTS = """
select c.conrelid::regclass::text, quote_ident(c.conname) from pg_constraint c
where c.conrelid = any(%s::regclass[]) and c.contype in ('c', 'u', 'f') order by c.contype = 'u'
"""
INDEXES = """
select quote_ident(i.relname) from pg_index x join pg_class i on i.oid = x.indexrelid
where x.indrelid = any(%s::regclass[]) and x.indisunique and not x.indisprimary
"""
REQUIRED = """
select attrelid::regclass::text, quote_ident(attname) from pg_attribute
where attrelid = any(%s::regclass[]) and attnum > 0 and attnotnull and attname <> 'id'
"""
TRIGGERS = """
select tgrelid::regclass::text, quote_ident(tgname) from pg_trigger
where tgrelid = any(%s::regclass[]) and not tgisinternal and tgenabled = 'D'
"""


@dataclass(frozen=True)
class Owner:
    """A connection as the owner, with every protection of the chain off."""

    raw: psycopg.Connection
    tenant: Tenant

    def run(self, statement: str, **values: Any) -> int:
        """Run SQL on rows of the tenant; return how many it touched, at least one."""
        touched = self.raw.execute(statement, values or None).rowcount
        assert touched, f"nothing was attacked by: {statement}"
        return touched

    def begin(self) -> None:
        """Work for the tenant, triggers, constraints, unique indexes and NOT NULL gone until the rollback."""
        self.raw.execute("set local lock_timeout = '15s'")
        self.raw.execute("select set_config('cauris.tenant', %s, true)", [str(self.tenant.pk)])
        for table in TABLES:
            self.raw.execute(f"alter table {table} disable trigger user")
        for table, name in self.raw.execute(CONSTRAINTS, [TABLES]).fetchall():
            self.raw.execute(f"alter table {table} drop constraint {name} cascade")
        for (name,) in self.raw.execute(INDEXES, [TABLES]).fetchall():
            self.raw.execute(f"drop index {name}")
        for table, column in self.raw.execute(REQUIRED, [TABLES]).fetchall():
            self.raw.execute(f"alter table {table} alter column {column} drop not null")

    def verify(self) -> Verification:
        """Verify what the owner's transaction sees."""
        with scope(self.tenant.pk):
            return verify_chain()

    # What `stored_links` needs of a connection.
    def cursor(self) -> psycopg.Cursor:
        return self.raw.cursor()

    def chunked_cursor(self) -> psycopg.ServerCursor:
        return self.raw.cursor(name="links")

    @property
    def connection(self) -> psycopg.Connection:
        return self.raw


AsOwner = Callable[[Tenant], AbstractContextManager[Owner]]


def red_at(verification: Verification, *numbers: int) -> str:
    """Assert that the first broken link is one of `numbers`; return its code."""
    assert verification.first is not None, "the attack was not seen"
    assert not verification.holds
    assert verification.first.sequence_number in numbers, str(verification.first)
    return verification.first.code


def change_the_key(tenant: Tenant, statement: str, *values: Any) -> None:
    """Change the registered key as the owner does, and put the table's triggers back."""
    with connect_as("owner", autocommit=False) as raw:
        raw.execute("select set_config('cauris.tenant', %s, true)", [str(tenant.pk)])
        raw.execute("alter table fiscal_fiscalkey disable trigger user")
        assert raw.execute(statement, values).rowcount == 1
        for trigger in ("cauris_guard", "cauris_no_truncate"):
            raw.execute(f"alter table fiscal_fiscalkey enable always trigger {trigger}")


def change_links(tenant: Tenant, *statements: str) -> None:
    """Change links as the owner does and commit it: for verifiers that come over connections of their own."""
    with connect_as("owner", autocommit=False) as raw:
        raw.execute("select set_config('cauris.tenant', %s, true)", [str(tenant.pk)])
        for table in TABLES:
            raw.execute(f"alter table {table} disable trigger user")
        for statement in statements:
            assert raw.execute(statement).rowcount, f"nothing was attacked by: {statement}"
        raw.execute("set constraints all immediate")
        for table, name in raw.execute(TRIGGERS, [TABLES]).fetchall():
            raw.execute(f"alter table {table} enable always trigger {name}")
