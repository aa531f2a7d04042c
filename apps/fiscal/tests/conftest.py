"""The chain alone hears the facts and provisions the tenants of these tests; the owner's hands for those that attack it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.fiscal import day_sums, stored_links, tree
from apps.fiscal.subscribers import chain
from apps.fiscal.tests.attacks import LENGTH, AsOwner, Owner
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, TEST_FACT, Clock, chain_links
from apps.fiscal.tests.history import FIRST, clock_of, declare_sales, live
from apps.organisations import provisioning
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle import facts
from tests.support.database import connect_as


@pytest.fixture(autouse=True)
def only_the_chain_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_subscribers", {"fiscal": chain})
    monkeypatch.setattr(facts, "_declarations", facts._declarations | {TEST_FACT.type: TEST_FACT})
    monkeypatch.setattr(provisioning, "_steps", {"fiscal.chain": provisioning._steps["fiscal.chain"]})


@pytest.fixture(autouse=True)
def anchor_file(settings: LazySettings, tmp_path: Path) -> Path:
    """The anchor file of one test, in a folder that nobody made yet."""
    settings.ANCHOR_FILE = tmp_path / "ancres" / "ancres.jsonl"
    return settings.ANCHOR_FILE


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the house's only clock: `clock(date(2026, 11, 20), hour=17)`, in UTC."""
    return clock_of(monkeypatch)


@pytest.fixture
def house(db: None, clock: Clock, request: pytest.FixtureRequest) -> Tenant:
    """A hospital whose chain was opened on FIRST_DAY; its scope is open."""
    clock(FIRST_DAY)
    tenant: Tenant = request.getfixturevalue("tenant")
    return tenant


@pytest.fixture
def committed_house(transactional_db: None, clock: Clock) -> Tenant:
    """The same, committed, for commands and tasks that open their own scopes."""
    clock(FIRST_DAY)
    return make_tenant()


@pytest.fixture
def hospital(committed_tenant: Tenant) -> Tenant:
    """A committed hospital whose chain has LENGTH links, made by a cashier with an address."""
    chain_links(committed_tenant, LENGTH, CASHIER)
    return committed_tenant


@pytest.fixture
def as_owner(monkeypatch: pytest.MonkeyPatch) -> AsOwner:
    """`with as_owner(tenant) as owner:` lets a test do what only the owner can, and verify the result."""

    @contextmanager
    def attack(tenant: Tenant) -> Iterator[Owner]:
        with connect_as("owner", autocommit=False) as raw:
            owner = Owner(raw, tenant)
            owner.begin()
            for module in (stored_links, day_sums, tree):
                monkeypatch.setattr(module, "connection", owner)
            yield owner
            raw.rollback()

    return attack


@pytest.fixture
def sealed_house(db: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Tenant:
    """A hospital with three sealed days, in scope."""
    declare_sales(monkeypatch)
    clock(FIRST)
    tenant: Tenant = request.getfixturevalue("tenant")
    live(tenant, clock)
    return tenant
