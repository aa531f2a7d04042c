"""What PostgreSQL refuses of a closing by itself, whatever program and login it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from psycopg import errors

from apps.fiscal import closings, crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.closing_bytes import closing_content
from apps.fiscal.head import read_head_to_extend
from apps.fiscal.models import FiscalClosing, FiscalEntry, FiscalSequence
from apps.fiscal.services import close_period as service
from apps.fiscal.survey import Survey
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, Clock, chain_links, close
from apps.fiscal.tests.test_chain_sql import insert as insert_link
from apps.fiscal.tests.test_chain_sql import next_link, refused, saying
from apps.organisations.models import Tenant
from apps.socle.commands import check_deferred_constraints
from apps.socle.errors import BusinessError, from_integrity_error
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database

Change = Callable[[FiscalClosing], None]
DAY = timedelta(days=1)
NONE = "ab" * 32


def next_closing(tenant: Tenant, kind: str = "daily", end: date | None = None) -> FiscalClosing:
    """Return the next closing as the service would insert it, not yet inserted."""
    survey = Survey()
    survey.read_to_the_head()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FiscalClosing, "save", lambda closing, **_values: None)
        made = service._insert(kind, end or closings.next_closing_date(kind) or FIRST_DAY, survey, CASHIER)
    made._state.adding = True
    return made


def setting(**values: Any) -> Change:
    """Change columns alone: they no longer say what was signed."""

    def change(closing: FiscalClosing) -> None:
        for name, value in values.items():
            setattr(closing, name, value)

    return change


def claiming(**values: Any) -> Change:
    """Change columns and bytes alike, every hash and the signature with them: the closing agrees with itself."""

    def change(closing: FiscalClosing) -> None:
        for name, value in values.items():
            setattr(closing, name, value)
        head = read_head_to_extend(closing.tenant_id)
        closing.data_canonical = canonical_bytes(closing_content(closing, head.tenant_name))
        closing.data_hash = data_hash(closing.data_canonical)
        closing.closing_hash = crypto.closing_hash(closing.previous_closing_hash, closing.data_hash)
        closing.signature = crypto.sign(head.signer.private_key, closing.closing_hash)

    return change


def insert(closing: FiscalClosing) -> None:
    closing.save(force_insert=True)


@pytest.fixture
def second_day(house: Tenant, clock: Clock) -> Tenant:
    """The first day is sealed with two links; today is the second, with two more and the closing's own."""
    chain_links(house, 2)
    close(FIRST_DAY)
    clock(FIRST_DAY + DAY)
    chain_links(house, 2)
    return house


def test_the_closing_that_the_service_makes_is_taken_and_seals_its_day(second_day: Tenant) -> None:
    with transaction.atomic():
        insert(next_closing(second_day))
        assert FiscalSequence.objects.get().sealed_until == FIRST_DAY + DAY
        transaction.set_rollback(True)  # it has no fact


def forged_data_hash(closing: FiscalClosing) -> None:
    closing.data_hash = NONE
    closing.closing_hash = crypto.closing_hash(closing.previous_closing_hash, NONE)


CASES = [
    (forged_data_hash, "fiscal_closing_data_hash"),
    (setting(data_canonical=b"{}"), "fiscal_closing_columns"),
    (setting(closing_hash=NONE), "fiscal_closing_chain_hash"),
    (setting(signature=b"short"), "fiscal_closing_signature"),
    (setting(totals={"XAF": {}}), "fiscal_closing_columns"),
    (setting(perpetual_totals={"XAF": {}}), "fiscal_closing_columns"),
    (setting(closing_balance=Decimal(7)), "fiscal_closing_columns"),
    (setting(merkle_root=NONE), "fiscal_closing_columns"),
    (setting(merkle_frontier=[]), "fiscal_closing_columns"),
    (setting(unfinished=[{"kind": "x", "label": "x", "count": 1}]), "fiscal_closing_columns"),
    (setting(actor_label="Un autre"), "fiscal_closing_columns"),
    (setting(actor_id=None), "fiscal_closing_columns"),
    (setting(actor_type="system"), "fiscal_closing_columns"),
    (setting(key_id="k2"), "fiscal_closing_columns"),
    (setting(algorithm="none"), "fiscal_closing_columns"),
    (setting(fec_export_path="/elsewhere"), "fiscal_closing_columns"),
    (claiming(environment="sandbox"), "fiscal_closing_columns"),
    (claiming(currency="EUR"), "fiscal_closing_columns"),
    (setting(total_operations=1), "fiscal_closing_columns"),
    (claiming(status="pending"), "fiscal_closing_words"),
    (claiming(closing_type="weekly"), "fiscal_closing_period"),
    (claiming(entries_count=2), "fiscal_closing_count"),
    (claiming(total_operations=99), "fiscal_closing_count"),
    (claiming(period_start=FIRST_DAY), "fiscal_closing_period"),
    (claiming(closing_balance=Decimal("0.5")), "fiscal_closing_exact"),
    (claiming(previous_closing_hash=NONE), "fiscal_closing_follows"),
    (claiming(head_hash=NONE), "fiscal_closing_range"),
    (claiming(last_sequence=4, entries_count=2), "fiscal_closing_range"),
    (claiming(last_sequence=6, entries_count=4), "fiscal_closing_range"),
    (claiming(first_sequence=1, entries_count=5), "fiscal_closing_order"),
    (claiming(opening_balance=Decimal(1)), "fiscal_closing_order"),
    (claiming(closing_date=FIRST_DAY + 2 * DAY, period_start=FIRST_DAY + 2 * DAY), "fiscal_closing_early"),
]


@pytest.mark.parametrize(("change", "constraint"), CASES)
def test_a_closing_at_odds_with_itself_or_with_the_chain_is_refused(
    second_day: Tenant, change: Change, constraint: str
) -> None:
    closing = next_closing(second_day)
    change(closing)
    refused(lambda: insert(closing), constraint)
    assert FiscalSequence.objects.get().sealed_until == FIRST_DAY


def test_a_moment_of_its_own_is_no_second_truth(second_day: Tenant) -> None:
    closing = next_closing(second_day)
    closing.created_at += timedelta(seconds=1)
    refused(lambda: insert(closing), "fiscal_closing_moment")


def test_hashes_are_lower_case_hexadecimal(second_day: Tenant) -> None:
    closing = next_closing(second_day)
    claiming(previous_closing_hash=closing.previous_closing_hash.upper())(closing)
    refused(lambda: insert(closing), "fiscal_closing_hexadecimal")


def test_every_rule_of_the_table_was_broken_above(db: None) -> None:
    """A CHECK that no test can break may check nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname from pg_constraint where conrelid = 'fiscal_fiscalclosing'::regclass and contype = 'c'"
        )
        names = {name for (name,) in cursor.fetchall() if not name.endswith("_finite")}  # of every amount of the house
    broken = {name for _change, name in CASES} | {"fiscal_closing_moment", "fiscal_closing_hexadecimal"}
    assert names <= broken, names - broken


def test_a_fork_of_closings_is_impossible(second_day: Tenant, clock: Clock) -> None:
    """Two closings cannot follow the same one, nor begin the chain of closings a second time."""
    before, genesis = FiscalClosing.objects.get().closing_hash, crypto.closing_genesis_hash(second_day.pk)
    close(FIRST_DAY + DAY)
    clock(FIRST_DAY + 2 * DAY)
    for previous in (before, genesis):
        closing = next_closing(second_day)
        claiming(previous_closing_hash=previous)(closing)
        refused(lambda: insert(closing), "fiscal_closing_no_fork")  # noqa: B023 - called at once


def test_a_day_is_not_sealed_twice_nor_another_skipped(second_day: Tenant, clock: Clock) -> None:
    closing = next_closing(second_day)
    claiming(closing_date=FIRST_DAY, period_start=FIRST_DAY)(closing)
    refused(lambda: insert(closing), "fiscal_closing_once")
    clock(FIRST_DAY + 5 * DAY)
    later = next_closing(second_day)
    claiming(closing_date=FIRST_DAY + 2 * DAY, period_start=FIRST_DAY + 2 * DAY)(later)
    refused(lambda: insert(later), "fiscal_closing_order")


def test_a_chain_begins_on_its_first_day(house: Tenant, clock: Clock) -> None:
    clock(FIRST_DAY + 5 * DAY)
    closing = next_closing(house)
    claiming(closing_date=FIRST_DAY + DAY, period_start=FIRST_DAY + DAY)(closing)
    refused(lambda: insert(closing), "fiscal_closing_order")


# Months --------------------------------------------------------------------------------------------


@pytest.fixture
def sealed_november(second_day: Tenant, clock: Clock) -> Tenant:
    close(FIRST_DAY + DAY)
    clock(date(2026, 11, 30), hour=17)
    close(date(2026, 11, 30))
    return second_day


def test_a_month_before_its_last_day_is_refused(second_day: Tenant, clock: Clock) -> None:
    close(FIRST_DAY + DAY)
    clock(date(2026, 12, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closings, "next_closing_date", lambda kind: date(2026, 11, 30))
        closing = next_closing(second_day, "monthly", date(2026, 11, 30))
    refused(lambda: insert(closing), "fiscal_closing_order")


@pytest.mark.parametrize(
    "values",
    [
        {"last_sequence": 4, "entries_count": 4},
        {"head_hash": NONE},
        {"merkle_root": NONE},
        {"merkle_frontier": [NONE]},
        {"closing_balance": Decimal(9)},
        {"perpetual_totals": {}},
        {"total_operations": 1},
    ],
)
def test_a_month_is_the_sum_of_its_days(sealed_november: Tenant, values: dict[str, Any]) -> None:
    closing = next_closing(sealed_november, "monthly")
    if closing.perpetual_totals == values.get("perpetual_totals"):
        values = {"perpetual_totals": {"XAF": {}}}
    claiming(**values)(closing)
    refused(lambda: insert(closing), "fiscal_closing_range")


def test_the_month_that_the_service_makes_is_taken(sealed_november: Tenant) -> None:
    with transaction.atomic():
        insert(next_closing(sealed_november, "monthly"))
        assert FiscalSequence.objects.get().sealed_until == date(2026, 11, 30), "a month seals no further day"
        transaction.set_rollback(True)  # it has no fact


# Sealed days ---------------------------------------------------------------------------------------


def test_a_link_dated_into_a_sealed_day_is_refused_by_the_days_name(second_day: Tenant) -> None:
    """The service never dates one so; SQL by hand that does reads which day, and who sealed it."""
    for day in (FIRST_DAY, FIRST_DAY - DAY):
        link = next_link(second_day)
        saying(fiscal_date=day)(link)
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            insert_link(link)
        said = from_integrity_error(caught.value)
        assert isinstance(said, BusinessError)
        assert said.code == "day-sealed"
        assert str(said) == (
            f"Le {day:%d/%m/%Y} est clôturé par Amina Mbarga : plus aucun maillon ne peut porter cette date."
        )


def test_the_day_after_a_sealed_one_is_taken_however_far_from_the_clock(house: Tenant, clock: Clock) -> None:
    """Sealed in its first minutes, while UTC was still a day behind: two days apart, and in order."""
    clock(FIRST_DAY, hour=23, minute=30)
    close(FIRST_DAY)
    close(FIRST_DAY + DAY)
    (link,) = chain_links(house, 1)
    assert link.fiscal_date == FIRST_DAY + 2 * DAY
    wrong = next_link(house)
    saying(fiscal_date=FIRST_DAY + 3 * DAY)(wrong)
    refused(lambda: insert_link(wrong), "fiscal_date_of_chaining")


@pytest.mark.parametrize(
    "assignment",
    [
        "sealed_until = sealed_until + 1",
        "sealed_until = sealed_until - 1",
        "sealed_until = null",
        "sealed_until = sealed_until + 1, last_fiscal_date = last_fiscal_date + 1",
    ],
)
def test_only_a_closing_moves_the_last_sealed_day(committed_house: Tenant, assignment: str) -> None:
    """The runtime may not write it; the owner, triggers on, moves it to no day that no closing sealed."""
    with scope(committed_house.pk):
        close(FIRST_DAY)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            FiscalSequence.objects.update(sealed_until=FIRST_DAY)
    with connect_as("owner", autocommit=False) as raw:
        raw.execute("select set_config('cauris.tenant', %s, true)", [str(committed_house.pk)])
        with pytest.raises(errors.CheckViolation) as caught:
            raw.execute(f"update fiscal_fiscalsequence set {assignment}")
        assert caught.value.diag.constraint_name == "fiscal_sequence_step"


@pytest.mark.parametrize(
    "statement", ["update {} set actor_label = 'Un autre'", "delete from {}", "truncate {} cascade"]
)
def test_a_closing_is_never_changed_nor_removed(second_day: Tenant, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("fiscal_fiscalclosing"))


def test_a_closing_without_its_fact_is_not_committed(second_day: Tenant) -> None:
    def insert_and_commit() -> None:
        insert(next_closing(second_day))
        check_deferred_constraints()

    refused(insert_and_commit, "socle_fact_required")


def test_another_tenants_closing_is_not_seen_and_not_followed(second_day: Tenant, autre_tenant: Tenant) -> None:
    mine = FiscalClosing.objects.get().closing_hash
    with scope(autre_tenant.pk):
        assert not FiscalClosing.objects.exists()
        day = closings.next_closing_date("daily")
        assert day is not None
        closing = next_closing(autre_tenant)
        claiming(previous_closing_hash=mine)(closing)
        refused(lambda: insert(closing), "fiscal_closing_follows")
        assert not FiscalEntry.objects.exists()
