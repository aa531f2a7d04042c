"""What PostgreSQL refuses by itself, whatever program and login it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, models, transaction

from apps.fiscal import crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.head import read_head_to_extend
from apps.fiscal.models import FiscalCommitment, FiscalEntry, FiscalIntegrityCheck, FiscalKey, FiscalSequence
from apps.fiscal.services.append_entry import _envelope, _Salts, link_of
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.factories import CASHIER, chain_links, to_publish
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers
from apps.socle import facts
from apps.socle.actors import SYSTEM
from apps.socle.errors import from_integrity_error
from apps.socle.fields import uuid7
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database

Change = Callable[[FiscalEntry], None]


def next_link(tenant: Tenant) -> FiscalEntry:
    """Return the next link as the service would insert it, not yet inserted."""
    fact = to_publish(make_tiers(tenant))
    published = facts._store(fact, facts.declaration_of(fact.type), tenant.pk)
    head = read_head_to_extend(tenant.pk)
    return link_of(_envelope(published, SYSTEM, head, _Salts(SYSTEM)), head)


def sealed_again(link: FiscalEntry) -> None:
    """Recompute bytes and hashes of a changed link, as a forger without the key would."""
    link.data_canonical = canonical_bytes(link.data_snapshot)
    link.data_hash = data_hash(link.data_canonical)
    link.chain_hash = crypto.chain_hash(link.sequence_number, link.previous_hash, link.data_hash)


def setting(**values: Any) -> Change:
    def change(link: FiscalEntry) -> None:
        for name, value in values.items():
            setattr(link, name, value)

    return change


def saying(**values: Any) -> Change:
    """Change column and envelope alike, and every hash with them: the link agrees with itself."""

    def change(link: FiscalEntry) -> None:
        for name, value in values.items():
            setattr(link, name, value)
            link.data_snapshot[name] = value if value is None or isinstance(value, int) else str(value)
        sealed_again(link)

    return change


def refused(save: Callable[[], object], constraint: str) -> None:
    """Assert that the database refuses under this name, for which there is a French sentence."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        save()
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert caught.value.__cause__.diag.constraint_name == constraint
    assert from_integrity_error(caught.value) is not None, f"{constraint} has no French sentence"


def insert(link: FiscalEntry) -> None:
    link.save(force_insert=True)


def test_the_link_that_the_service_makes_is_taken(tenant: Tenant) -> None:
    chain_links(tenant, 1)
    insert(next_link(tenant))
    assert FiscalSequence.objects.get().last_sequence_number == 2


def forged_data_hash(link: FiscalEntry) -> None:
    link.data_hash = "ab" * 32
    link.chain_hash = crypto.chain_hash(link.sequence_number, link.previous_hash, link.data_hash)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (forged_data_hash, "fiscal_entry_data_hash"),
        (setting(data_canonical=b"{}"), "fiscal_entry_bytes"),
        (setting(data_snapshot={"version": 1}), "fiscal_entry_bytes"),
        (setting(chain_hash="ab" * 32), "fiscal_entry_chain_hash"),
        (setting(signature=b"short"), "fiscal_entry_signature"),
        (setting(entity_number="QUIT-2026-99999"), "fiscal_entry_columns"),
        (setting(entity_id=None), "fiscal_entry_columns"),
        (setting(entity_type=None), "fiscal_entry_columns"),
        (setting(actor_type="user"), "fiscal_entry_columns"),
        (setting(entry_type="invoice"), "fiscal_entry_columns"),
        (setting(legal_status="donnee_technique"), "fiscal_entry_columns"),
        (setting(environment="sandbox"), "fiscal_entry_columns"),
        (setting(key_id="k2"), "fiscal_entry_columns"),
        (setting(algorithm="none"), "fiscal_entry_columns"),
        (setting(metadata={"added": "later"}), "fiscal_entry_columns"),
        (saying(version=2), "fiscal_entry_columns"),
        (saying(entry_type="gift"), "fiscal_entry_words"),
        (saying(sequence_number=1), "fiscal_entry_genesis"),
        (saying(sequence_number=0), "fiscal_entry_genesis"),
        (saying(sequence_number=3), "fiscal_follows_head"),
        (saying(previous_hash="ab" * 32), "fiscal_follows_head"),
    ],
)
def test_a_link_out_of_place_or_at_odds_with_itself_is_refused(tenant: Tenant, change: Change, constraint: str) -> None:
    chain_links(tenant, 1)
    link = next_link(tenant)
    change(link)
    refused(lambda: insert(link), constraint)
    assert FiscalSequence.objects.get().last_sequence_number == 1


def test_every_rule_of_the_table_was_broken_above(db: None) -> None:
    """A CHECK that no test can break may check nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where conrelid = 'fiscal_fiscalentry'::regclass and contype = 'c'"
        )
        names = {name for (name,) in cursor.fetchall()}
    marks = getattr(test_a_link_out_of_place_or_at_odds_with_itself_is_refused, "pytestmark", [])
    (cases,) = (mark.args[1] for mark in marks if mark.name == "parametrize")
    assert names == {name for _change, name in cases if name != "fiscal_follows_head"} | {"fiscal_entry_hexadecimal"}


def test_hashes_are_lower_case_hexadecimal(tenant: Tenant) -> None:
    """The same bytes in capitals would be another text, hence another fork of the same chain."""
    chain_links(tenant, 1)
    link = next_link(tenant)
    link.previous_hash = link.previous_hash.upper()
    refused(lambda: insert(link), "fiscal_entry_hexadecimal")


@pytest.mark.parametrize("days", [-1, 2, 30])
def test_a_link_cannot_be_dated_on_another_day(tenant: Tenant, days: int) -> None:
    """Back-dated, or dated ahead so that every later link would be."""
    (last,) = chain_links(tenant, 1)
    link = next_link(tenant)
    saying(fiscal_date=last.fiscal_date + timedelta(days=days))(link)
    refused(lambda: insert(link), "fiscal_date_of_chaining")


def test_a_fork_is_refused_even_without_the_head(tenant: Tenant) -> None:
    """Two links after the same one: the unique key holds where the trigger was switched off."""
    chain_links(tenant, 2)
    link = next_link(tenant)
    saying(previous_hash=FiscalEntry.objects.get(sequence_number=1).chain_hash)(link)
    refused(lambda: insert(link), "fiscal_entry_no_fork")


def test_a_second_link_of_the_same_number_is_refused(tenant: Tenant) -> None:
    chain_links(tenant, 2)
    link = next_link(tenant)
    saying(sequence_number=2, previous_hash=link.previous_hash)(link)
    refused(lambda: insert(link), "fiscal_entry_one_number")


def test_a_row_that_on_conflict_drops_does_not_move_the_head(tenant: Tenant) -> None:
    (last,) = chain_links(tenant, 1)
    link = next_link(tenant)
    saying(id=last.pk)(link)
    FiscalEntry.objects.bulk_create([link], ignore_conflicts=True)
    assert FiscalSequence.objects.get().head_hash == last.chain_hash
    assert FiscalEntry.objects.count() == 1


PROTECTED: list[tuple[type[models.Model], str]] = [
    (FiscalEntry, "entity_number = 'X'"),
    (FiscalEntry, "metadata = '{\"a\": 1}'"),
    (FiscalKey, "public_key = '\\x00'"),
    (FiscalKey, "key_id = 'k9'"),
    (FiscalIntegrityCheck, "status = 'warning'"),
    (FiscalSequence, "tenant_id = gen_random_uuid()"),
]


@pytest.mark.parametrize("login", ["default", "owner"])
@pytest.mark.parametrize(("model", "change"), PROTECTED)
def test_nothing_of_the_chain_is_changed_or_removed(
    committed_tenant: Tenant, model: type[models.Model], change: str, login: Any
) -> None:
    """The runtime role is refused by right or by trigger, the owner by trigger."""
    chain_links(committed_tenant, 1)
    check_in(committed_tenant)
    table = model._meta.db_table
    with connect_as(login) as raw:
        raw.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.pk)])
        for statement in (f"update {table} set {change}", f"delete from {table}", f"truncate {table} cascade"):
            with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)):
                raw.execute(statement)
        (count,) = raw.execute(f"select count(*) from {table}").fetchone() or (0,)
        assert count == 1


def check_in(tenant: Tenant) -> None:
    with scope(tenant.pk):
        check_chain(acteur=SYSTEM)


@pytest.mark.parametrize(
    "change",
    [
        "last_sequence_number = last_sequence_number + 2",
        "last_sequence_number = last_sequence_number - 1",
        "last_sequence_number = 0, lock_version = lock_version + 1",
        "head_hash = repeat('a', 64)",
        "last_sequence_number = last_sequence_number + 1, lock_version = lock_version + 1",
        "last_sequence_number = last_sequence_number + 1, lock_version = lock_version + 1,"
        " head_hash = repeat('a', 64), last_fiscal_date = last_fiscal_date - 1",
    ],
)
def test_the_head_moves_by_one_link_only(committed_tenant: Tenant, change: str) -> None:
    chain_links(committed_tenant, 2)
    with connect_as("owner") as raw:
        raw.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.pk)])
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            raw.execute(f"update fiscal_fiscalsequence set {change}")
        assert caught.value.diag.constraint_name == "fiscal_sequence_step"


def test_the_runtime_role_cannot_touch_the_head(tenant: Tenant) -> None:
    chain_links(tenant, 1)
    for statement in (
        "update fiscal_fiscalsequence set head_hash = head_hash",
        "insert into fiscal_fiscalsequence select * from fiscal_fiscalsequence",
        "select 1 from fiscal_fiscalsequence for update",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_chain_begins_at_its_genesis(tenant: Tenant) -> None:
    """Neither a second chain for this tenant, nor one for a tenant out of scope."""

    def reopen() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select fiscal_open_chain(%s, %s, now())", [uuid7(), tenant.pk])

    refused(reopen, "fiscal_sequence_one")


def test_a_chain_is_opened_in_scope_only(tenant: Tenant, autre_tenant: Tenant) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("select fiscal_open_chain(%s, %s, now())", [uuid7(), autre_tenant.pk])


def test_clear_text_is_erased_not_replaced(tenant: Tenant) -> None:
    chain_links(tenant, 1, CASHIER)
    refused(lambda: FiscalCommitment.objects.update(ip_address="203.0.113.9"), "fiscal_commitment_fixed")
    assert FiscalCommitment.objects.all().delete()[0] == 1


@pytest.mark.parametrize("column", ["ip_salt", "user_agent_salt", "ip_address", "user_agent"])
def test_clear_text_and_salt_go_together(tenant: Tenant, column: str) -> None:
    chain_links(tenant, 1, CASHIER)
    row = FiscalCommitment.objects.get()
    row.delete()
    setattr(row, column, None)
    name = "fiscal_commitment_salted" if column.startswith("ip") else "fiscal_commitment_agent_salted"
    refused(lambda: row.save(force_insert=True), name)


def test_a_failed_check_cannot_be_written_as_passed(tenant: Tenant) -> None:
    row = check_chain(acteur=SYSTEM)
    row.pk, row.anomalies_found = uuid7(), 1
    refused(lambda: row.save(force_insert=True), "fiscal_check_status")


def test_one_key_signs_at_a_time(tenant: Tenant) -> None:
    key = FiscalKey.objects.get()
    key.pk, key.key_id = uuid7(), "k2"
    refused(lambda: key.save(force_insert=True), "fiscal_key_one_signs")
    key.key_id, key.retired_at = "k1", key.created_at
    refused(lambda: key.save(force_insert=True), "fiscal_key_unique")
