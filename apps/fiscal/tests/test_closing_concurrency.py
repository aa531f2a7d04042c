"""Two people close at once, a sale comes during a closing, the process dies in the middle: one closing, or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from apps.fiscal.models import FiscalAnchor, FiscalClosing, FiscalEntry, FiscalSequence
from apps.fiscal.services import close_period as service
from apps.fiscal.services.close_period import Closure
from apps.fiscal.services.verify_chain import verify_chain
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, chain_links, close
from apps.organisations.models import Tenant
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import scope

pytestmark = pytest.mark.database

CLOSERS = 6


def in_thread(work: Callable[[], Any]) -> Any:
    """Run `work`, then give its connection back."""
    try:
        return work()
    finally:
        connection.close()


def close_in_scope(tenant: Tenant) -> Closure:
    with scope(tenant.pk):
        return close(FIRST_DAY)


def test_many_closers_at_once_make_one_closing(committed_house: Tenant) -> None:
    chain_links(committed_house, 5)
    start = Barrier(CLOSERS)

    def one(_number: int) -> Closure:
        start.wait(timeout=30)
        return in_thread(lambda: close_in_scope(committed_house))

    with ThreadPoolExecutor(CLOSERS) as pool:
        made = list(pool.map(one, range(CLOSERS)))
    assert sum(closure.created for closure in made) == 1
    assert len({closure.closing.pk for closure in made}) == 1
    with scope(committed_house.pk):
        assert FiscalClosing.objects.count() == 1
        assert FiscalSequence.objects.get().last_sequence_number == 6
        found = verify_chain()
        assert found.holds, found.first


def test_sales_during_a_closing_are_in_it_or_in_the_next_day_and_nowhere_else(
    committed_house: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The survey has read the day; sales come before the lock is taken, and while it is held."""
    chain_links(committed_house, 3)
    insert = service._insert
    threads: list[threading.Thread] = []

    def sell() -> None:
        in_thread(lambda: chain_links(committed_house, 1, CASHIER))

    def insert_while_a_sale_waits(*values: Any) -> FiscalClosing:
        threads.append(threading.Thread(target=sell))
        threads[0].start()
        threads[0].join(0.3)
        assert threads[0].is_alive(), "the sale waits for the tenant's lock"
        return insert(*values)

    seal = service.seal
    monkeypatch.setattr(service, "seal", lambda **named: (in_other_thread(sell), seal(**named))[1])
    monkeypatch.setattr(service, "_insert", insert_while_a_sale_waits)
    closing = close_in_scope(committed_house).closing
    threads[0].join(10)
    assert not threads[0].is_alive()
    with scope(committed_house.pk):
        assert (closing.first_sequence, closing.last_sequence) == (1, 4), "the sale before the lock is in it"
        late = FiscalEntry.objects.get(sequence_number=6)
        assert (late.entry_type, late.fiscal_date > FIRST_DAY) == ("payment", True)
        found = verify_chain()
        assert found.holds, found.first


def in_other_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "the survey holds no lock: a sale goes through"


KILLED = """
import os, signal, sys, django
from datetime import date, datetime, UTC
from uuid import UUID
from django.conf import settings
settings.DATABASES['default']['NAME'] = {name!r}
django.setup()
from django.utils import timezone
timezone.now = lambda: datetime(2026, 11, 28, 17, tzinfo=UTC)
from apps.fiscal.services import close_period as service
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope
service.{step} = lambda *values, **named: os.kill(os.getpid(), signal.SIGKILL)
with scope(UUID({tenant!r})):
    service.close_period(closing_type='daily', closing_date=date(2026, 11, 28), acteur=SYSTEM)
"""


@pytest.mark.parametrize("step", ["publish", "record"])
def test_a_process_killed_in_the_middle_leaves_nothing_and_the_next_closes(committed_house: Tenant, step: str) -> None:
    """After the row was inserted, before its fact; and after its fact, before the commit."""
    chain_links(committed_house, 2)
    program = KILLED.format(name=settings.DATABASES["default"]["NAME"], tenant=str(committed_house.pk), step=step)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with scope(committed_house.pk):
        assert not FiscalClosing.objects.exists()
        assert not Fait.objects.filter(type="closing_made").exists()
        assert not FiscalAnchor.objects.exists()
        assert not AuditTrail.objects.filter(action="closed").exists()
        head = FiscalSequence.objects.get()
        assert (head.last_sequence_number, head.sealed_until) == (2, None)
    assert close_in_scope(committed_house).created
