"""`manage.py cloturer`, and what beat closes by itself in each tenant's own night."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command

from apps.fiscal import closings, crypto, tasks
from apps.fiscal.choices import ClosingType
from apps.fiscal.management.commands.cloturer import Command, last_finished
from apps.fiscal.models import FiscalAnchor, FiscalClosing
from apps.fiscal.services.close_due import close_through, finished_until
from apps.fiscal.survey import ChainBroken
from apps.fiscal.tests.attacks import change_the_key
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, Clock, chain_links, close
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.scope import scope

pytestmark = pytest.mark.database

DAY = timedelta(days=1)


def run(kind: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command("cloturer", "--periodicite", kind, *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def refused(kind: str, *arguments: str) -> tuple[str, CommandError]:
    errors = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("cloturer", "--periodicite", kind, *arguments, stdout=io.StringIO(), stderr=errors)
    return errors.getvalue(), caught.value


def closed(tenant: Tenant, kind: str = ClosingType.DAILY) -> list[date]:
    with scope(tenant.pk):
        found = FiscalClosing.objects.filter(closing_type=kind).order_by("closing_date")
        return list(found.values_list("closing_date", flat=True))


# The command ---------------------------------------------------------------------------------------


def test_missed_days_are_closed_in_order_up_to_yesterday(committed_house: Tenant, clock: Clock) -> None:
    chain_links(committed_house, 2)
    clock(FIRST_DAY + 2 * DAY, hour=17)
    lines = run("jour").splitlines()
    assert [line.partition(", empreinte ")[0] for line in lines] == [
        "sainte-odile : journée du 28/11/2026 : clôture faite, 2 maillons",
        "sainte-odile : journée du 29/11/2026 : clôture faite, 0 maillon",
    ]
    assert closed(committed_house) == [FIRST_DAY, FIRST_DAY + DAY]
    with scope(committed_house.pk):
        last = closings.latest_closing(ClosingType.DAILY)
    assert last is not None
    assert lines[-1].endswith(last.closing_hash)
    assert run("jour") == "sainte-odile : journée du 29/11/2026 : clôture déjà faite par Système le 30/11/2026 18:00\n"


@pytest.mark.parametrize("text", ["28/11/2026", "2026-11-28"])
def test_a_day_that_has_begun_is_closed_when_it_is_named(committed_house: Tenant, text: str) -> None:
    assert run("jour") == "sainte-odile : rien à clôturer, aucune période n’est finie.\n"
    assert "journée du 28/11/2026 : clôture faite, 0 maillon, empreinte " in run("jour", "--date", text)
    assert closed(committed_house) == [FIRST_DAY]


@pytest.fixture
def december(transactional_db: None, clock: Clock) -> Tenant:
    """A hospital that opened its chain two days before the end of a year."""
    clock(date(2026, 12, 30))
    return make_tenant()


def test_a_month_and_a_year_bring_their_parts_along(december: Tenant, clock: Clock) -> None:
    clock(date(2027, 1, 3))
    lines = run("annee", "--tenant", "sainte-odile").splitlines()
    assert [line.partition(" : ")[2].partition(" : ")[0] for line in lines] == [
        "journée du 30/12/2026",
        "journée du 31/12/2026",
        "mois 12/2026",
        "année 2026",
    ]
    assert closed(december, ClosingType.YEARLY) == [date(2026, 12, 31)]
    assert closed(december)[-1] == date(2026, 12, 31), "the new year's days are left open"
    assert "mois 12/2026 : clôture déjà faite par Système le 03/01/2027" in run("mois", "--date", "15/12/2026")


@pytest.mark.parametrize(
    ("kind", "day", "said"),
    [
        ("jour", "29/11/2026", "Ce n’est pas commencé : journée du 29/11/2026."),
        ("mois", "28/11/2026", "Ce n’est pas fini : mois 11/2026."),
        ("annee", "28/11/2026", "Ce n’est pas fini : année 2026."),
        ("jour", "27/11/2026", "La chaîne de cet établissement commence le 28/11/2026."),
    ],
)
def test_what_is_not_over_is_refused_and_nothing_closed_on_the_way(
    committed_house: Tenant, kind: str, day: str, said: str
) -> None:
    errors, error = refused(kind, "--date", day)
    assert (error.returncode, str(error)) == (1, "Clôture refusée : sainte-odile.")
    assert errors == f"sainte-odile : {said}\n"
    assert closed(committed_house) == []


def test_a_broken_chain_is_refused_and_the_others_are_still_closed(committed_house: Tenant, clock: Clock) -> None:
    other = make_tenant(slug="zz", name="Dernier")
    chain_links(committed_house, 2)
    change_the_key(committed_house, "update fiscal_fiscalkey set key_id = 'k2'")
    clock(FIRST_DAY + DAY)
    errors, error = refused("jour")
    assert error.returncode == 1
    assert errors.startswith(
        "sainte-odile : La chaîne est rompue, aucune clôture n’est possible. La clé publique « k2 »"
    )
    assert (closed(committed_house), closed(other)) == ([], [FIRST_DAY])


def test_what_cannot_be_tried(committed_house: Tenant, clock: Clock, settings: LazySettings, tmp_path: Path) -> None:
    assert refused("jour", "--tenant", "nulle-part")[1].returncode == 2
    assert "--date" in str(refused("jour", "--date", "demain")[1])
    clock(FIRST_DAY + DAY)
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    error = refused("jour")[1]
    assert error.returncode == 2
    assert "Clôture impossible" in str(error)


def test_where_no_broker_runs_the_day_is_closed_and_its_head_waits(
    committed_house: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent(*_values: str) -> None:
        raise FileNotFoundError("queue")

    monkeypatch.setattr(tasks.deliver_one_anchor, "delay", absent)
    assert "clôture faite" in run("jour", "--date", "28/11/2026")
    (said,) = [record for record in caplog.records if record.name == "apps.fiscal.services.anchor_head"]
    assert (said.levelname, said.exc_info) == ("WARNING", None)
    with scope(committed_house.pk):
        assert set(FiscalAnchor.objects.values_list("status", flat=True)) == {"pending"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_over_tenants_and_links(committed_house: Tenant, clock: Clock) -> None:
    make_tenant(slug="zz", name="Dernier")
    chain_links(committed_house, 3)
    clock(FIRST_DAY + DAY)
    terminal = Terminal()
    call_command(Command(stderr=terminal, stdout=io.StringIO()), "--periodicite", "jour")  # type: ignore[arg-type]
    assert "sainte-odile (1/2) : 3 / 3 maillons, " in terminal.getvalue()


def test_an_interrupted_run_keeps_what_was_closed_and_goes_on(committed_house: Tenant, clock: Clock) -> None:
    clock(FIRST_DAY + 3 * DAY)
    until = FIRST_DAY + 2 * DAY
    run_ = close_through(tenant_id=committed_house.pk, closing_type=ClosingType.DAILY, day=until, acteur=SYSTEM)
    next(run_)
    run_.close()
    assert closed(committed_house) == [FIRST_DAY]
    run("jour")
    assert closed(committed_house) == [FIRST_DAY, FIRST_DAY + DAY, until]


def test_somebody_else_closes_in_the_middle_of_a_run(committed_house: Tenant, clock: Clock) -> None:
    """The run's survey was overtaken: it is made again, and nothing is closed twice."""
    chain_links(committed_house, 2)
    clock(FIRST_DAY + 3 * DAY)
    run_ = close_through(
        tenant_id=committed_house.pk, closing_type=ClosingType.DAILY, day=FIRST_DAY + 2 * DAY, acteur=SYSTEM
    )
    next(run_)
    chain_links(committed_house, 1)
    with scope(committed_house.pk):
        close(FIRST_DAY + DAY)
    assert [closure.created for closure in run_] == [True]
    assert closed(committed_house) == [FIRST_DAY + n * DAY for n in range(3)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ClosingType.DAILY, date(2026, 2, 28)),
        (ClosingType.MONTHLY, date(2026, 2, 28)),
        (ClosingType.YEARLY, date(2025, 12, 31)),
    ],
)
def test_the_last_period_that_is_over(kind: ClosingType, expected: date) -> None:
    assert last_finished(kind, date(2026, 3, 1)) == expected


# Beat ----------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom beat asks a worker to close."""
    found: list[str] = []
    monkeypatch.setattr(tasks.close_one_tenant, "delay", found.append)
    return found


def test_beat_looks_every_few_minutes() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["close-finished-periods"]
    assert entry["task"] == tasks.close_finished_periods.name
    assert entry["schedule"].minute >= {0, 5, 55}


def test_each_tenant_is_closed_in_its_own_night_after_its_hour(
    committed_house: Tenant, clock: Clock, asked: list[str]
) -> None:
    abidjan = make_tenant(slug="zz", name="Abidjan", time_zone="Africa/Abidjan")
    clock(FIRST_DAY, hour=23, minute=59)
    assert tasks.close_finished_periods() == 0, "00:59 in Douala: its hour is 1"
    clock(FIRST_DAY + DAY, hour=0, minute=5)
    tasks.close_finished_periods()
    assert asked == [str(committed_house.pk)], "01:05 in Douala, five past midnight in Abidjan"
    clock(FIRST_DAY + DAY, hour=1)
    asked.clear()
    tasks.close_finished_periods()
    assert set(asked) == {str(committed_house.pk), str(abidjan.pk)}


def test_the_hour_is_the_tenants_own(committed_house: Tenant, clock: Clock) -> None:
    clock(FIRST_DAY + DAY, hour=4)
    committed_house.closing_hour = 5
    assert finished_until(committed_house) == FIRST_DAY, "05:00 in Douala"
    committed_house.closing_hour = 6
    assert finished_until(committed_house) == FIRST_DAY - DAY


def test_the_task_closes_days_then_month_then_year_and_nothing_twice(
    december: Tenant, clock: Clock, asked: list[str]
) -> None:
    clock(date(2027, 1, 2), hour=1)
    assert tasks.close_one_tenant(str(december.pk)) == 2 + 1 + 1 + 1
    assert tasks.close_one_tenant(str(december.pk)) == 0
    assert tasks.close_finished_periods() == 0
    with scope(december.pk):
        order, previous = [], crypto.closing_genesis_hash(december.pk)
        while found := FiscalClosing.objects.filter(previous_closing_hash=previous).first():
            previous = found.closing_hash
            order.append(found.number)
            assert found.actor_label == "Système"
    assert order == ["CLO-2026-12-30", "CLO-2026-12-31", "CLO-2026-12", "CLO-2026", "CLO-2027-01-01"]


def test_a_broken_chain_is_verified_whole_and_not_asked_again(
    committed_house: Tenant,
    clock: Clock,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tasks.verify_one_chain, "delay", tasks.verify_one_chain)
    chain_links(committed_house, 2)
    change_the_key(committed_house, "update fiscal_fiscalkey set key_id = 'k2'")
    clock(FIRST_DAY + DAY)
    assert tasks.close_finished_periods() == 1
    with caplog.at_level(logging.ERROR, logger="apps.fiscal.tasks"):
        assert tasks.close_one_tenant(str(committed_house.pk)) == 0
    assert "cannot be closed" in caplog.text
    assert tasks.close_finished_periods() == 0, "it waits for the verification that finds it whole"
    change_the_key(committed_house, "update fiscal_fiscalkey set key_id = 'k1'")
    tasks.verify_one_chain(str(committed_house.pk))
    assert tasks.close_finished_periods() == 1


# What forbids --------------------------------------------------------------------------------------


def test_a_link_that_does_not_hold_forbids_every_closing(house: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    links = chain_links(house, 3)
    monkeypatch.setattr(
        "apps.fiscal.crypto.signature_holds", lambda key, hashed, signature: hashed != links[1].chain_hash
    )
    with pytest.raises(ChainBroken) as caught:
        close(FIRST_DAY)
    assert caught.value.anomaly.sequence_number == 2
    assert caught.value.code == "chain-broken"
    assert "Maillon 2" in str(caught.value)
    assert not FiscalClosing.objects.exists()


def test_a_closing_that_is_no_longer_what_was_signed_forbids_the_next(
    house: Tenant, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(FIRST_DAY)
    clock(FIRST_DAY + DAY)
    real: Callable[..., FiscalClosing | None] = closings.latest_closing

    def changed(kind: str) -> FiscalClosing | None:
        found = real(kind)
        if found:
            found.merkle_frontier = []
            found.closing_balance += 1
        return found

    monkeypatch.setattr("apps.fiscal.survey.latest_closing", changed)
    with pytest.raises(ChainBroken, match="la clôture CLO-2026-11-28 ne correspond plus"):
        close(FIRST_DAY + DAY)


def test_without_a_chain_nothing_is_closed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.organisations import provisioning

    monkeypatch.setattr(provisioning, "_steps", {})
    bare = make_tenant(slug="sans-chaine", name="Sans chaîne")
    with scope(bare.pk), pytest.raises(BusinessError, match="pas encore de chaîne"):
        close(FIRST_DAY, acteur=CASHIER)
