"""A day, a month, a year sealed: what they say, in which order, and what they forbid afterwards."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from apps.fiscal import closings, crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.choices import ClosingType
from apps.fiscal.merkle import leaf_hash, tree_root
from apps.fiscal.models import FiscalClosing, FiscalEntry, FiscalKey, FiscalSequence
from apps.fiscal.services.close_period import Closure
from apps.fiscal.services.verify_chain import verify_chain
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, Clock, chain_links, close
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail, Fait

pytestmark = pytest.mark.database


def said(closing: FiscalClosing) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(bytes(closing.data_canonical))
    return content


def test_a_day_is_sealed_with_all_that_it_holds(house: Tenant) -> None:
    links = chain_links(house, 3)
    closure = close(FIRST_DAY)
    closing = FiscalClosing.objects.get()
    assert closure == Closure(closing, created=True)
    assert (closing.first_sequence, closing.last_sequence, closing.entries_count) == (1, 3, 3)
    assert (closing.period_start, closing.closing_date, closing.closing_type) == (FIRST_DAY, FIRST_DAY, "daily")
    assert closing.head_hash == links[-1].chain_hash
    assert closing.merkle_root == tree_root(leaf_hash(bytes.fromhex(link.chain_hash)) for link in links).hex()
    assert closing.previous_closing_hash == crypto.closing_genesis_hash(house.pk)
    assert (closing.actor_label, closing.actor_id, closing.status) == (CASHIER.label, CASHIER.id, "completed")
    assert (closing.currency, closing.environment, closing.closed_at) == ("XAF", "production", closing.created_at)
    assert (closing.number, closing.total_operations) == ("CLO-2026-11-28", 0)
    assert FiscalSequence.objects.get().sealed_until == FIRST_DAY


def test_what_is_signed_is_every_column(house: Tenant) -> None:
    chain_links(house, 1)
    closing = close(FIRST_DAY).closing
    raw, content = bytes(closing.data_canonical), said(closing)
    assert canonical_bytes(content) == raw
    assert data_hash(raw) == closing.data_hash
    assert crypto.closing_hash(closing.previous_closing_hash, closing.data_hash) == closing.closing_hash
    public = crypto.Ed25519PublicKey.from_public_bytes(bytes(FiscalKey.objects.get().public_key))
    assert crypto.signature_holds(public, closing.closing_hash, bytes(closing.signature))
    columns = {field.attname for field in FiscalClosing._meta.local_concrete_fields}
    computed = {"data_canonical", "data_hash", "closing_hash", "signature", "created_at"}
    assert set(content) == columns - computed | {"version", "tenant_name"}


def test_the_closing_leaves_a_link_of_its_own_after_what_it_covers(house: Tenant) -> None:
    chain_links(house, 2)
    closing = close(FIRST_DAY).closing
    link = FiscalEntry.objects.get(entity_id=closing.pk)
    assert (link.sequence_number, link.entry_type, link.entity_number) == (3, "closing", "CLO-2026-11-28")
    assert link.fiscal_date == FIRST_DAY + timedelta(days=1), "outside the day that it seals"
    document = link.data_snapshot["document"]
    assert (document["closing_hash"], document["closing_type"]) == (closing.closing_hash, "daily")
    assert (document["first_sequence"], document["last_sequence"]) == (1, 2)
    assert (document["merkle_root"], document["head_hash"]) == (closing.merkle_root, closing.head_hash)
    assert Fait.objects.get(type="closing_made").source_id == closing.pk
    assert AuditTrail.objects.filter(model_id=closing.pk, action="closed", acteur_label=CASHIER.label).exists()


def test_who_sells_after_the_closing_sells_into_the_next_day(house: Tenant, clock: Clock) -> None:
    clock(FIRST_DAY, hour=17)
    chain_links(house, 1)
    close(FIRST_DAY)
    (late,) = chain_links(house, 1)
    assert (late.fiscal_date, late.data_snapshot["document_date"]) == (FIRST_DAY + timedelta(days=1), "2026-11-20")
    assert verify_chain().holds
    clock(FIRST_DAY + timedelta(days=1))
    second = close(FIRST_DAY + timedelta(days=1)).closing
    assert (second.first_sequence, second.last_sequence) == (2, 3), "the first closing's link, and the late sale"
    found = verify_chain()
    assert found.holds, found.first


def test_a_day_sealed_just_after_midnight_leaves_the_next_two_days_from_utc(house: Tenant, clock: Clock) -> None:
    """At 00:15 in Douala it is still the day before in UTC: the next fiscal day is two away, and verifies."""
    clock(FIRST_DAY, hour=23, minute=15)
    for day in (FIRST_DAY, FIRST_DAY + timedelta(days=1)):
        close(day)
    link = FiscalEntry.objects.latest("sequence_number")
    assert (link.fiscal_date - link.created_at.date()).days == 2
    found = verify_chain()
    assert found.holds, found.first


def test_a_day_without_links_is_sealed_too(house: Tenant) -> None:
    closing = close(FIRST_DAY).closing
    assert (closing.first_sequence, closing.last_sequence, closing.entries_count) == (1, 0, 0)
    assert closing.head_hash == crypto.genesis_hash(house.pk)
    assert closing.merkle_root == tree_root([]).hex()
    assert (closing.totals, closing.perpetual_totals, closing.merkle_frontier) == ({}, {}, [])


def test_closing_again_returns_what_stands(house: Tenant) -> None:
    first = close(FIRST_DAY)
    again = close(FIRST_DAY, acteur=SYSTEM)
    assert again == Closure(first.closing, created=False)
    assert again.closing.actor_label == CASHIER.label
    assert FiscalEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (FIRST_DAY - timedelta(days=1), "closing-order"),
        (FIRST_DAY + timedelta(days=1), "closing-order"),
        (FIRST_DAY + timedelta(days=3), "closing-early"),
    ],
)
def test_days_are_sealed_in_order_and_once_begun(house: Tenant, clock: Clock, day: date, code: str) -> None:
    clock(FIRST_DAY + timedelta(days=2))
    with pytest.raises(BusinessError) as refused:
        close(day)
    assert (refused.value.code, refused.value.field) == (code, "closing_date")
    assert not FiscalClosing.objects.exists()


def test_days_then_month_then_year(house: Tenant, clock: Clock) -> None:
    november = [FIRST_DAY + timedelta(days=n) for n in range(3)]
    for day in november:
        clock(day, hour=16)
        chain_links(house, 2)
        early = "À clôturer d’abord : journée du 30/11/2026" if day == november[-1] else "Ce n’est pas fini : mois 11"
        with pytest.raises(BusinessError, match=early):
            close(FIRST_DAY, ClosingType.MONTHLY)
        close(day)
    month = close(FIRST_DAY, ClosingType.MONTHLY).closing
    days = list(closings.closings(ClosingType.DAILY).order_by("closing_date"))
    assert (month.period_start, month.closing_date, month.number) == (FIRST_DAY, date(2026, 11, 30), "CLO-2026-11")
    assert (month.first_sequence, month.last_sequence) == (1, days[-1].last_sequence)
    assert (month.head_hash, month.merkle_root) == (days[-1].head_hash, days[-1].merkle_root)
    assert month.previous_closing_hash == days[-1].closing_hash
    clock(date(2027, 1, 2))
    with pytest.raises(BusinessError, match="À clôturer d’abord : mois 12/2026"):
        close(FIRST_DAY, ClosingType.YEARLY)
    for number in range(31):
        close(date(2026, 12, 1) + timedelta(days=number), acteur=SYSTEM)
    december = close(date(2026, 12, 31), ClosingType.MONTHLY).closing
    assert (december.period_start, december.first_sequence) == (date(2026, 12, 1), month.last_sequence + 1)
    year = close(date(2026, 12, 31), ClosingType.YEARLY).closing
    assert (year.period_start, year.closing_date, year.first_sequence) == (FIRST_DAY, date(2026, 12, 31), 1)
    assert (year.last_sequence, year.merkle_root) == (december.last_sequence, december.merkle_root)
    found = verify_chain()
    assert found.holds, found.first
