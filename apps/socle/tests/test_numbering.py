"""Numbers without gaps: taken inside the issuing transaction, given back by its rollback."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, connections, transaction

from apps.organisations.tests.factories import make_tenant
from apps.socle.errors import message_of
from apps.socle.models import Counter
from apps.socle.numbering import next_number, next_value
from apps.socle.scope import ScopeMissing, scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


def test_numbers_follow_each_other_per_kind_and_year(tenant):
    taken = [next_number(kind="ESSAI", year=2026) for _ in range(3)]
    assert taken == ["ESSAI-2026-00001", "ESSAI-2026-00002", "ESSAI-2026-00003"]
    assert next_number(kind="ESSAI", year=2027) == "ESSAI-2027-00001"
    assert next_number(kind="AUTRE", year=2026, width=3) == "AUTRE-2026-001"
    assert next_value(kind="SANS-AN") == 1
    assert next_value(kind="SANS-AN") == 2


def test_each_tenant_counts_for_itself(tenant, autre_tenant):
    next_number(kind="ESSAI", year=2026)
    with scope(autre_tenant.id):
        assert next_number(kind="ESSAI", year=2026) == "ESSAI-2026-00001"


def test_a_number_belongs_to_a_tenant(db):
    with pytest.raises(ScopeMissing):
        next_number(kind="ESSAI", year=2026)


def test_a_rollback_gives_the_number_back(tenant):
    next_value(kind="ESSAI")
    with transaction.atomic():
        assert next_value(kind="ESSAI") == 2
        transaction.set_rollback(True)
    assert next_value(kind="ESSAI") == 2


@pytest.mark.django_db(transaction=True)
def test_32_writers_at_once_leave_no_gap_and_no_double(committed_tenant):
    """Each takes four numbers in transactions of its own, and gives every fourth back."""
    taken: list[int] = []
    failures: list[BaseException] = []
    start = threading.Barrier(32)

    def write() -> None:
        try:
            start.wait(timeout=20)
            for turn in range(4):
                try:
                    with scope(committed_tenant.id):
                        number = next_value(kind="ESSAI", year=2026)
                        if turn == 3:
                            raise InterruptedError
                    taken.append(number)
                except InterruptedError:
                    pass
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert sorted(taken) == list(range(1, 97))
    with scope(committed_tenant.id):
        assert Counter.objects.get(kind="ESSAI").last == 96


CHANGES = {
    "skip a number": "update socle_counter set last = last + 2 where kind = 'ESSAI'",
    "give a number twice": "update socle_counter set last = last where kind = 'ESSAI'",
    "go back": "update socle_counter set last = last - 1 where kind = 'ESSAI'",
    "rename": "update socle_counter set kind = 'X', last = last + 1 where kind = 'ESSAI'",
    "move to another year": "update socle_counter set year = 2027, last = last + 1 where kind = 'ESSAI'",
    "change its key": "update socle_counter set id = gen_random_uuid(), last = last + 1 where kind = 'ESSAI'",
    "begin later": "insert into socle_counter (id, tenant_id, kind, year, last) select gen_random_uuid(), tenant_id, 'NEUF', year, 5 from socle_counter where kind = 'ESSAI'",
    "begin at zero": "insert into socle_counter (id, tenant_id, kind, year, last) select gen_random_uuid(), tenant_id, 'NEUF', year, 0 from socle_counter where kind = 'ESSAI'",
    "forget": "delete from socle_counter where kind = 'ESSAI'",
    "forget all": "truncate socle_counter",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("login", ["default", "owner"])
def test_a_counter_cannot_jump_by_sql(committed_tenant, login):
    with scope(committed_tenant.id):
        for _ in range(3):
            next_value(kind="ESSAI", year=2026)
    for name, statement in CHANGES.items():
        with connect_as(login, autocommit=False) as sql:
            sql.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.id)])
            with pytest.raises(Exception, match=r"only the next number|permission denied") as refusal:
                sql.execute(statement)
            if login == "owner":
                assert refusal.value.diag.constraint_name == "socle_counter_step", name
    with scope(committed_tenant.id):
        assert next_value(kind="ESSAI", year=2026) == 4


def test_the_refusal_is_a_french_sentence(tenant):
    next_value(kind="ESSAI")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update socle_counter set last = 9 where kind = 'ESSAI'")
    assert str(message_of("socle_counter_step").message) == "La numérotation ne peut qu’avancer de un."


@pytest.mark.django_db(transaction=True)
def test_two_tenants_do_not_wait_for_each_other(committed_tenant):
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with scope(committed_tenant.id), connect_as("default", autocommit=False) as elsewhere:
        next_value(kind="ESSAI")
        elsewhere.execute("set local lock_timeout = '2s'")
        elsewhere.execute("select set_config('cauris.tenant', %s, true)", [str(other.id)])
        elsewhere.execute(
            "insert into socle_counter (id, tenant_id, kind, year, last) values (gen_random_uuid(), %s, 'ESSAI', 0, 1)",
            [other.id],
        )
