"""Numbers without gaps: taken inside the issuing transaction, given back by its rollback."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections, models, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import errors

from apps.organisations.tests.factories import make_tenant
from apps.socle import numbering
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, message_of
from apps.socle.models import Counter
from apps.socle.numbering import (
    Numbered,
    declare_number,
    declared_numbers,
    let_the_database_count,
    next_number,
    next_value,
)
from apps.socle.scope import ScopeMissing, scope
from apps.socle.unit_of_work import step
from tests.support.database import connect_as

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def kinds_of_these_tests(monkeypatch):
    """Kinds that the installed wall does not know: no document carries them, and none is asked for."""
    for kind in ("ESSAI", "AUTRE", "SANS-AN"):
        monkeypatch.setitem(numbering._declared, kind, Numbered(kind, "socle.AuditTrail", "action"))


def test_numbers_follow_each_other_per_kind_and_year(tenant):
    taken = [next_number(kind="ESSAI", year=2026) for _ in range(3)]
    assert taken == ["ESSAI-2026-00001", "ESSAI-2026-00002", "ESSAI-2026-00003"]
    assert next_number(kind="ESSAI", year=2027) == "ESSAI-2027-00001"
    assert next_number(kind="AUTRE", year=2026) == "AUTRE-2026-00001"
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


# In a command ------------------------------------------------------------------------------


@command
def take_some(*, kinds: str, fail_at: str = "", acteur: Acteur) -> list[str]:
    """Take a number of each of `kinds`, each in a step, which fails at `fail_at`."""
    taken = []
    for kind in kinds.split():
        with contextlib.suppress(InterruptedError), step():
            taken.append(next_number(kind=kind, year=2026))
            if kind == fail_at:
                raise InterruptedError
    return taken


def test_a_command_counts_on_and_moves_its_counters_at_the_end(tenant):
    next_number(kind="ESSAI", year=2026)
    with CaptureQueriesContext(connection) as queries:
        assert take_some(kinds="ESSAI AUTRE ESSAI", acteur=SYSTEM) == [
            "ESSAI-2026-00002",
            "AUTRE-2026-00001",
            "ESSAI-2026-00003",
        ]
    assert sum("socle_take_numbers" in query["sql"] for query in queries) == 1
    assert dict(Counter.objects.values_list("kind", "last")) == {"ESSAI": 3, "AUTRE": 1}
    assert next_number(kind="ESSAI", year=2026) == "ESSAI-2026-00004"


def test_a_step_that_fails_gives_its_numbers_back(tenant):
    taken = take_some(kinds="ESSAI AUTRE ESSAI", fail_at="AUTRE", acteur=SYSTEM)
    assert taken == ["ESSAI-2026-00001", "AUTRE-2026-00001", "ESSAI-2026-00002"]
    assert dict(Counter.objects.values_list("kind", "last")) == {"ESSAI": 2}


def test_a_counter_moved_behind_a_commands_back_refuses_it(tenant):
    """Nobody moves a counter of ours while we hold the tenant, unless by hand: the number would be given twice."""

    @command
    def taken_meanwhile(*, acteur: Acteur) -> None:
        next_number(kind="ESSAI", year=2026)
        with connection.cursor() as cursor:
            cursor.execute("select socle_take_numbers(%s, 'ESSAI', 2026, 1)", [tenant.pk])

    with pytest.raises(Conflict) as refusal:
        taken_meanwhile(acteur=SYSTEM)
    assert refusal.value.code == "number-taken"
    assert not Counter.objects.filter(kind="ESSAI").exists()


def test_the_database_counts_on_from_what_a_command_gave(tenant):
    @command
    def both(*, acteur: Acteur) -> list[int]:
        mine = next_value(kind="SANS-AN")
        let_the_database_count()
        with connection.cursor() as cursor:
            cursor.execute("select socle_take_numbers(%s, 'SANS-AN', 0, 2)", [tenant.pk])
            (theirs,) = cursor.fetchone()
        return [mine, theirs, next_value(kind="SANS-AN")]

    assert both(acteur=SYSTEM) == [1, 3, 4]


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


# Years -----------------------------------------------------------------------------------


def test_the_year_of_a_kind_never_goes_back_but_for_a_takeover(tenant):
    next_number(kind="ESSAI", year=2027)
    with pytest.raises(BusinessError) as refusal, transaction.atomic():
        next_number(kind="ESSAI", year=2026)
    assert refusal.value.code == "clock-set-back"
    assert str(refusal.value) == (
        "Des numéros ESSAI de 2027 sont déjà pris : on n’en donne plus de 2026. Faites vérifier l’horloge du serveur."
    )
    assert not Counter.objects.filter(kind="ESSAI", year=2026).exists()
    assert next_number(kind="ESSAI", year=2026, past=True) == "ESSAI-2026-00001"
    assert next_number(kind="ESSAI", year=2027) == "ESSAI-2027-00002"
    assert next_number(kind="AUTRE", year=2026) == "AUTRE-2026-00001", "another kind has its own years"


def test_what_is_numbered_after_its_date_keeps_its_year(tenant, monkeypatch):
    entry = Numbered("ESSAI", "socle.AuditTrail", "action", of_its_date=True)
    monkeypatch.setitem(numbering._declared, "ESSAI", entry)
    next_number(kind="ESSAI", year=2027)
    assert next_number(kind="ESSAI", year=2026) == "ESSAI-2026-00001"


VISIT_OF_LAST_YEAR = (
    "insert into hospital_session select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),"
    " 'numero', 'VIS-' || c.year || '-' || lpad(c.last::text, 5, '0'), 'fermee_le', now()))).*"
    " from hospital_session s,"
    " (select * from socle_counter where kind = 'VIS' order by year limit 1) c limit 1"
)
TRAIL = (
    "insert into socle_audittrail (id, tenant_id, acteur_kind, acteur_label, action, model_type, model_id, reason, ip_address,"
    " user_agent, created_at) select gen_random_uuid(), s.tenant_id, '{actor}', 'essai', 'visit_opened', 'hospital.Session',"
    " s.id, '', '', '', now() from hospital_session s, socle_counter c where c.kind = 'VIS'"
    " and s.numero = 'VIS-' || c.year || '-' || lpad(c.last::text, 5, '0') and c.year = {year}"
)


@pytest.mark.parametrize(
    ("actor", "refused"), [("", "socle_number_year"), ("user", "socle_number_year"), ("takeover", None)]
)
def test_sql_numbers_no_document_of_a_year_that_is_over(specimens, actor, refused):
    """A visit of last year with its number, by hand: only what says that a takeover wrote it."""
    year = local_date("Africa/Douala").year - 1
    trail = [TRAIL.format(actor=actor, year=year)] if actor else []
    assert attack(specimens.tenant.pk, take("VIS", year), VISIT_OF_LAST_YEAR, *trail) == refused
    assert "horloge" in str(message_of("socle_number_year").message)


# Documents -------------------------------------------------------------------------------


def test_a_kind_that_nobody_declared_gives_no_number(tenant):
    with pytest.raises(LookupError, match="NEUF"):
        next_number(kind="NEUF", year=2026)
    assert not Counter.objects.filter(kind="NEUF").exists()


def test_a_kind_is_declared_once(monkeypatch):
    declare_number(Numbered("ESSAI", "socle.AuditTrail", "action"))
    with pytest.raises(ValueError, match="twice"):
        declare_number(Numbered("ESSAI", "socle.AuditTrail", "reason"))


def test_every_kind_is_carried_by_a_column_that_holds_it_once():
    """Else the wall would take one document for another's, or read a whole table for each number."""
    for numbered in declared_numbers():
        if not numbered.model.startswith("socle."):
            field = numbered.column()
            unique = [c.fields for c in field.model._meta.constraints if hasattr(c, "fields")]
            assert ("tenant", numbered.field) in unique, numbered


def test_every_kind_taken_in_the_apps_sql_is_declared():
    """`next_number` asks at each call; SQL takes its numbers by a function that cannot."""
    root = Path(settings.BASE_DIR) / "apps"
    taken = {
        kind
        for path in root.glob("*/sql/*.sql")
        for kind in re.findall(r"socle_next_number\([^,]+, '([A-Z]+)'", path.read_text(encoding="utf-8"))
    }
    assert taken
    assert taken <= {numbered.kind for numbered in declared_numbers()}


def attack(tenant_id, *statements: str) -> str | None:
    """What the runtime writes by hand in the tenant's scope, committed; return the constraint that refuses it."""
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(tenant_id)])
        try:
            for statement in statements:
                sql.execute(statement)
            sql.commit()
        except errors.CheckViolation as refusal:
            return refusal.diag.constraint_name
    return None


def take(kind: str, year: int) -> str:
    return (
        "insert into socle_counter as c (id, tenant_id, kind, year, last) select gen_random_uuid(),"
        f" current_setting('cauris.tenant')::uuid, '{kind}', {year}, 1"
        " on conflict (tenant_id, kind, year) do update set last = c.last + 1"
    )


def test_no_number_is_taken_without_its_document(specimens):
    """Each kind, in a year that has begun and in one that has not, in either tenant's scope."""
    kinds = [numbered.kind for numbered in declared_numbers() if not numbered.model.startswith("socle.")]
    assert {"PAT", "VIS", "FC", "QUIT", "ECR"} <= set(kinds)
    year = local_date("Africa/Douala").year
    before = count_numbers(specimens.tenant.pk)
    for kind in kinds:
        for when in (year, year + 1, 0):
            assert attack(specimens.tenant.pk, take(kind, when)) == "socle_number_carried", (kind, when)
            twice = attack(specimens.tenant.pk, take(kind, when), take(kind, when))
            assert twice == "socle_number_carried", (kind, when)
    assert count_numbers(specimens.tenant.pk) == before
    assert str(message_of("socle_number_carried").message).startswith("Un numéro ne se prend")


def test_a_scope_left_before_the_commit_hides_nothing(specimens):
    leave = f"select set_config('cauris.tenant', '{specimens.other.pk}', true)"
    assert attack(specimens.tenant.pk, take("PAT", 0), leave) == "socle_number_carried"


def test_a_number_with_its_document_is_taken(specimens):
    """By hand too: a patient, and the number that the counter came to."""
    patient = (
        "insert into hospital_patient (id, tenant_id, tiers_id, numero, rang, nom, prenom, sexe, telephone, cle_recherche, cree_le)"
        " select p.id, p.tenant_id, p.id, 'PAT-0000' || c.last, c.last, 'Essai', '', '', '', 'essai', now()"
        " from socle_counter c, organisations_tiers p where c.kind = 'PAT' and p.nom = 'Porte le numéro'"
    )
    tiers = (
        "insert into organisations_tiers select (jsonb_populate_record(t, jsonb_build_object("
        "'id', gen_random_uuid(), 'code', 'X-1', 'nom', 'Porte le numéro'))).* from organisations_tiers t limit 1"
    )
    assert attack(specimens.tenant.pk, take("PAT", 0), tiers, patient) is None


def count_numbers(tenant_id) -> list:
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(tenant_id)])
        return sql.execute("select kind, year, last from socle_counter order by kind, year").fetchall()


BY_HAND = (
    "insert into hospital_session select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),"
    " 'numero', '{number}', 'fermee_le', now()))).* from hospital_session s limit 1"
)


@pytest.mark.parametrize(
    "number",
    ["VIS-{year}-09999", "VIS-{year}-000001", "VIS-{year}-1", "VIS-{later}-00001", "FC-{year}-00001", "VIS-00001", ""],
)
def test_no_document_bears_a_number_that_its_counter_never_gave(specimens, number):
    """Made up by hand: far ahead, written otherwise, of a year that has not begun, of another kind, none at all."""
    year = local_date("Africa/Douala").year
    visit = BY_HAND.format(number=number.format(year=year, later=year + 1))
    assert attack(specimens.tenant.pk, visit) == "socle_number_given"
    assert "compteur" in str(message_of("socle_number_given").message)


def test_each_printed_kind_is_held_to_its_counter(db):
    printed = {n.column().model._meta.db_table for n in declared_numbers() if isinstance(n.column(), models.CharField)}
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger where tgname = 'socle_number_given' and tgenabled = 'A'"
        )
        held = {table for (table,) in cursor.fetchall()}
    assert {"hospital_session", "comptabilite_facturecaisse", "comptabilite_quittance", "comptabilite_ecriture"} <= held
    assert held == printed - {"socle_audittrail"}
