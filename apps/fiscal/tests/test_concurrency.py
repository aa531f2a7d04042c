"""Thirty-two writers at once: one chain, without gap, fork or double."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.fiscal.models import FiscalEntry, FiscalSequence
from apps.fiscal.services.verify_chain import verify_chain
from apps.fiscal.tests.factories import CASHIER, chain_links, publish_one, to_publish
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant, make_tiers
from apps.socle import facts
from apps.socle.errors import BusinessError
from apps.socle.scope import scope

pytestmark = pytest.mark.database

WRITERS = 32
EACH = 3


def at_once(count: int, work: Callable[[], None]) -> list[BaseException]:
    """Run `work` in `count` threads that start together; return what they raised."""
    start = Barrier(count)

    def run(_number: int) -> BaseException | None:
        try:
            start.wait(timeout=30)
            work()
        except BaseException as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(count) as pool:
        return [error for error in pool.map(run, range(count)) if error is not None]


def test_thirty_two_writers_make_one_chain(committed_tenant: Tenant) -> None:
    assert at_once(WRITERS, lambda: chain_links(committed_tenant, EACH, CASHIER) and None) == []
    with scope(committed_tenant.pk):
        numbers = list(FiscalEntry.objects.order_by("sequence_number").values_list("sequence_number", flat=True))
        assert numbers == list(range(1, WRITERS * EACH + 1))
        found = verify_chain()
        assert found.holds, found.first
        assert FiscalSequence.objects.get().lock_version == WRITERS * EACH


def test_two_tenants_do_not_wait_for_each_other(committed_tenant: Tenant) -> None:
    """The second commits while the first still holds its chain's head."""
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(committed_tenant.pk):
        publish_one(source=make_tiers(committed_tenant), acteur=CASHIER, values={})
        assert at_once(1, lambda: chain_links(other, 1) and None) == []
    with scope(other.pk):
        assert FiscalSequence.objects.get().last_sequence_number == 1


def test_writers_without_the_tenants_lock_are_refused_not_forked(
    committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hand-written code that forgets the lock: the database lets one of each pair through."""
    monkeypatch.setattr("apps.socle.commands.lock_tenant", lambda: None)
    with scope(committed_tenant.pk):
        sources = iter([make_tiers(committed_tenant) for _number in range(8)])

    def careless() -> None:
        source = next(sources)
        with scope(committed_tenant.pk):
            facts.publish(to_publish(source))

    refused = at_once(8, careless)
    with scope(committed_tenant.pk):
        numbers = list(FiscalEntry.objects.order_by("sequence_number").values_list("sequence_number", flat=True))
        assert numbers == list(range(1, 8 - len(refused) + 1))
        assert numbers, "the first one passes"
        found = verify_chain()
        assert found.holds, found.first
    assert {type(error) for error in refused} <= {BusinessError}, refused
    assert {error.code for error in refused if isinstance(error, BusinessError)} <= {
        "fiscal-entry-one-number",
        "fiscal-entry-no-fork",
        "chain-moved",
    }


class Undone(Exception):
    """Thrown to take a transaction back."""


def sell_and_change_ones_mind(tenant: Tenant) -> None:
    with scope(tenant.pk):
        publish_one(source=make_tiers(tenant), acteur=CASHIER, values={})
        raise Undone


def test_a_rollback_gives_the_place_back(committed_tenant: Tenant) -> None:
    with pytest.raises(Undone):
        sell_and_change_ones_mind(committed_tenant)
    (link,) = chain_links(committed_tenant, 1)
    assert link.sequence_number == 1
