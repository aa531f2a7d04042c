"""Verifying in chunks, from a checkpoint and in several processes finds what reading link by link finds."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.fiscal import first_pass, parallel, stored_links
from apps.fiscal.checkpoints import Checkpoint, latest_checkpoint
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.check_chain import check_chain, record_check
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.verify_chain import Verification, verify_chain
from apps.fiscal.tests.attacks import LENGTH, AsOwner, change_links, red_at
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, chain_links
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def refuse_to_read_again(*arguments: object) -> None:
    raise AssertionError("a chunk that holds was read again, link by link")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_pass, "CHUNK", 2)
    monkeypatch.setattr(stored_links, "HASH_BATCH", 1)


@pytest.mark.parametrize(
    "setting",
    ["timezone = 'UTC'", "timezone = 'Pacific/Kiritimati'", "bytea_output = 'escape'", "datestyle = 'German'"],
)
def test_what_holds_holds_at_first_sight(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, small_chunks: None, setting: str
) -> None:
    chain_links(tenant, 2, CASHIER)
    chain_links(tenant, 3, SYSTEM)
    monkeypatch.setattr(stored_links, "read_links", refuse_to_read_again)
    with connection.cursor() as cursor:
        cursor.execute(f"set local {setting}")
    found = verify_chain()
    assert (found.holds, found.entries, found.head_sequence_number) == (True, LENGTH, LENGTH)


@pytest.mark.parametrize("victim", range(1, LENGTH + 1))
@pytest.mark.parametrize("change", ["metadata = '{\"x\": 1}'", "signature = repeat('x', 64)::bytea", "data_hash = ''"])
def test_a_fault_is_found_wherever_the_chunks_are_cut(
    hospital: Tenant, as_owner: AsOwner, small_chunks: None, victim: int, change: str
) -> None:
    with as_owner(hospital) as owner:
        assert owner.verify().holds
        owner.run(f"update fiscal_fiscalentry set {change} where sequence_number = {victim}")
        found = owner.verify()
    red_at(found, victim)
    assert found.entries == LENGTH


@pytest.mark.parametrize("victim", range(1, LENGTH))
def test_a_missing_link_is_found_wherever_the_chunks_are_cut(
    hospital: Tenant, as_owner: AsOwner, small_chunks: None, victim: int
) -> None:
    with as_owner(hospital) as owner:
        owner.run(f"delete from fiscal_fiscalentry where sequence_number = {victim}")
        assert red_at(owner.verify(), victim + 1) == "gap"


def test_a_number_moved_far_away_is_found_without_counting_up_to_it(
    hospital: Tenant, as_owner: AsOwner, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    read = stored_links.read_hashes
    monkeypatch.setattr(stored_links, "read_hashes", lambda tenant, *span: (asked.append(span), read(tenant, *span))[1])
    with as_owner(hospital) as owner:
        owner.run(f"update fiscal_fiscalentry set sequence_number = 1e15 where sequence_number = {LENGTH}")
        assert red_at(owner.verify(), 10**15)
    assert len(asked) <= LENGTH


def test_a_number_of_another_spelling_in_the_snapshot_is_another(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("update fiscal_fiscalentry set data_snapshot = data_snapshot || '{\"version\": 1.0}'")
        assert red_at(owner.verify(), 1) == "snapshot"


def test_functions_that_shadow_the_servers_own_deceive_nobody(hospital: Tenant, as_owner: AsOwner) -> None:
    """An exact match of types beats the server's function, unless the path leaves out where it stands."""
    with as_owner(hospital) as owner:
        owner.raw.execute("create schema lies")
        owner.raw.execute(
            "create function lies.to_char(day date, form text) returns text language sql as"
            " $$ select (select data_snapshot->>'fiscal_date' from public.fiscal_fiscalentry limit 1) $$"
        )
        owner.raw.execute("set local search_path = lies, public, pg_catalog")
        owner.run("update fiscal_fiscalentry set fiscal_date = fiscal_date - 1 where sequence_number = 3")
        content = stored_links.read_content(hospital.pk, 1, LENGTH, "", "rfc8785+sha256+ed25519")
    assert content is not None
    assert content.doubtful


def test_what_is_doubtful_and_then_reads_well_is_not_called_whole(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain_links(tenant, 2)
    monkeypatch.setattr(stored_links, "read_content", lambda *values: None)
    found = verify_chain()
    assert red_at(found, 1) == "unsteady"
    assert found.entries == 2


# From a checkpoint ------------------------------------------------------------------------------------


def at(number: int) -> Checkpoint:
    return Checkpoint(number, FiscalEntry.objects.get(sequence_number=number).chain_hash)


def test_from_a_checkpoint_only_what_follows_is_read(tenant: Tenant) -> None:
    chain_links(tenant, LENGTH)
    found = verify_chain(since=at(3))
    assert (found.holds, found.entries, found.first_sequence_number, found.head_sequence_number) == (True, 3, 3, 5)


def test_a_checkpoint_that_is_another_link_by_now(tenant: Tenant) -> None:
    chain_links(tenant, LENGTH)
    found = verify_chain(since=Checkpoint(3, "ab" * 32))
    assert red_at(found, 3) == "checkpoint"
    assert "ab" * 32 in str(found.first)
    assert red_at(verify_chain(since=Checkpoint(LENGTH + 1, "ab" * 32)), LENGTH + 1) == "checkpoint"


@pytest.mark.parametrize(("victim", "seen"), [(2, False), (3, True), (4, True), (5, True)])
def test_a_checkpoint_answers_for_what_stands_before_it(
    hospital: Tenant, as_owner: AsOwner, victim: int, seen: bool
) -> None:
    with scope(hospital.pk):
        since = at(3)
    with as_owner(hospital) as owner:
        owner.run(f"update fiscal_fiscalentry set entity_number = 'X' where sequence_number = {victim}")
        with scope(hospital.pk):
            found = verify_chain(since=since)
    assert found.holds is not seen
    if seen:
        red_at(found, victim)


def test_the_latest_passed_check_is_the_checkpoint(tenant: Tenant) -> None:
    assert latest_checkpoint() is None
    check_chain(acteur=SYSTEM)
    assert latest_checkpoint() is None, "the empty chain has no link to go on from"
    chain_links(tenant, 3)
    check_chain(acteur=SYSTEM)
    assert latest_checkpoint() == at(3)
    chain_links(tenant, 1)
    assert latest_checkpoint() == at(3)


def test_a_sealed_day_is_a_checkpoint_too(house: Tenant) -> None:
    chain_links(house, 3)
    check_chain(acteur=SYSTEM)
    chain_links(house, 1)
    close_period(closing_type="daily", closing_date=FIRST_DAY, acteur=SYSTEM)
    assert latest_checkpoint() == at(4), "further than the check"
    assert verify_chain(since=latest_checkpoint()).entries == 2
    chain_links(house, 2)
    check_chain(acteur=SYSTEM)
    assert latest_checkpoint() == at(7), "further than the closing"


def test_behind_a_failed_check_there_is_no_checkpoint(hospital: Tenant, as_owner: AsOwner) -> None:
    with scope(hospital.pk):
        check_chain(acteur=SYSTEM)
        assert latest_checkpoint() is not None
    with as_owner(hospital) as owner:
        owner.run("update fiscal_fiscalentry set entity_number = 'X' where sequence_number = 2")
        broken = owner.verify()
    with scope(hospital.pk):
        record_check(verification=broken, acteur=SYSTEM)
        assert latest_checkpoint() is None


# In several processes ---------------------------------------------------------------------------------


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "RANGE", 2)


def in_two(tenant: Tenant, since: Checkpoint | None = None) -> Verification:
    with scope(tenant.pk):
        return verify_chain(processes=2, since=since)


def said(found: Verification) -> list[str]:
    return [str(anomaly) for anomaly in found.anomalies]


def test_two_processes_find_what_one_finds(hospital: Tenant, small_ranges: None) -> None:
    steps: list[tuple[int, int]] = []
    with scope(hospital.pk):
        since = at(2)
        found = verify_chain(processes=2, progress=lambda done, total: steps.append((done, total)))
    assert (found.holds, found.entries, found.head_sequence_number) == (True, LENGTH, LENGTH)
    assert steps == [(2, 5), (4, 5), (5, 5)]
    part = in_two(hospital, since)
    assert (part.holds, part.entries, part.first_sequence_number) == (True, 4, 2)
    # The third link of five is the first of a range, the second the last of one.
    change_links(
        hospital,
        "update fiscal_fiscalentry set signature = repeat('x', 64)::bytea where sequence_number = 4",
        "delete from fiscal_fiscalcommitment where entry_id in"
        " (select id from fiscal_fiscalentry where sequence_number = 2)",
        "delete from fiscal_fiscalentry where sequence_number = 2",
    )
    broken = in_two(hospital)
    assert red_at(broken, 3) == "gap"
    assert [anomaly.code for anomaly in broken.anomalies] == ["gap", "previous-hash", "signature"]
    with scope(hospital.pk):
        assert said(verify_chain()) == said(broken)


def test_an_empty_chain_in_two_processes(committed_tenant: Tenant) -> None:
    found = in_two(committed_tenant)
    assert (found.holds, found.entries, found.head_sequence_number) == (True, 0, 0)
