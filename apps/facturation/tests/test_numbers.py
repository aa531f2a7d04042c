"""Invoice numbers: one after the other, given back by a rollback, by whoever writes."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from psycopg import errors

from apps.facturation.models import Invoice, InvoiceSequence
from apps.facturation.numbers import open_sequence, take_number
from apps.facturation.tests.factories import make_invoice
from apps.organisations.tests.factories import make_tiers
from apps.socle.actors import takeover_actor
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, message_of
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


def today(tenant):
    return local_date(tenant.time_zone)


def test_a_new_tenant_has_this_years_sequence(tenant):
    sequence = InvoiceSequence.objects.get()
    assert (sequence.year, sequence.month) == (today(tenant).year, None)
    assert (sequence.prefix, sequence.format, sequence.next_number) == ("FAC-", "YYYY-NNNNN", 1)
    assert str(sequence) == f"FAC-{sequence.year}-00001"


def test_numbers_follow_each_other_and_the_count_with_them(tenant):
    year = today(tenant).year
    assert [make_invoice(tenant).invoice_number for _ in range(3)] == [f"FAC-{year}-0000{n}" for n in (1, 2, 3)]
    sequence = InvoiceSequence.objects.get()
    assert (sequence.next_number, sequence.total_created) == (4, 3)


def test_a_rollback_gives_the_number_back(tenant):
    make_invoice(tenant)
    with transaction.atomic():
        lost = make_invoice(tenant)
        transaction.set_rollback(True)
    assert make_invoice(tenant).invoice_number == lost.invoice_number
    assert not Invoice.objects.filter(pk=lost.pk).exists()


def test_a_refused_invoice_gives_its_number_back(tenant):
    """Refused by the database after the number was taken: the command takes everything back."""
    make_invoice(tenant, external_id="X")
    with pytest.raises(BusinessError):
        make_invoice(tenant, external_id="X")
    assert make_invoice(tenant).invoice_number.endswith("-00002")


@pytest.fixture
def taken_for_nothing(tenant):
    """Numbers are taken here without their invoices: what was taken is given back before anybody asks for them."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_another_year_begins_at_one_in_the_same_form(tenant, taken_for_nothing):
    InvoiceSequence.objects.update(prefix="HSO/", format="YYYY/NNNNNN", suffix="-D")
    this_year = today(tenant)
    assert take_number(this_year) == f"HSO/{this_year.year}/000001-D"
    assert take_number(this_year.replace(year=2031)) == "HSO/2031/000001-D"
    assert take_number(this_year, past=True) == f"HSO/{this_year.year}/000002-D"


def test_a_year_that_is_over_gives_no_number_but_to_a_takeover(tenant, monkeypatch):
    """The clock goes over New Year and is set back: the number would come after those of the year that follows."""
    last_year = today(tenant).year
    moment = now()
    make_invoice(tenant)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment.replace(year=last_year + 1, month=1, day=2))
    assert make_invoice(tenant).invoice_number == f"FAC-{last_year + 1}-00001"
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment + timedelta(seconds=1))
    with pytest.raises(BusinessError) as refusal:
        make_invoice(tenant)
    assert refusal.value.code == "clock-set-back"
    assert str(refusal.value).startswith(f"Des numéros FAC de {last_year + 1} sont déjà pris")
    past = make_invoice(tenant, acteur=takeover_actor("carnet"), issue_date=today(tenant))
    assert past.invoice_number == f"FAC-{last_year}-00002", "nor is a number lost by the refusal"


@pytest.mark.parametrize(
    ("actor", "refused"), [("user", "facturation_number_year"), ("takeover", "socle_fact_required")]
)
def test_sql_numbers_no_invoice_of_a_year_that_is_over(committed_tenant, actor, refused):
    """Copied by hand into last year: a takeover's passes this rule, and is refused by the next, for it has no fact."""
    with scope(committed_tenant.id):
        make_invoice(committed_tenant)
        year = today(committed_tenant).year - 1
        open_sequence(year)
    copy = (
        "insert into facturation_invoice select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(),"
        " 'invoice_number', %s::text, 'external_id', '', 'acteur_kind', %s::text))).* from facturation_invoice i"
    )
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.id)])
        sql.execute(f"{TAKE} where year = {year}")
        sql.execute(copy, [f"FAC-{year}-00001", actor])
        with pytest.raises(errors.CheckViolation) as refusal:
            sql.commit()
    assert refusal.value.diag.constraint_name == refused


def test_a_tenant_that_comes_with_a_past_goes_on_from_its_number(tenant, taken_for_nothing):
    InvoiceSequence(year=2031, next_number=412).save()
    assert take_number(today(tenant).replace(year=2031)) == "2031-00412"


def test_opening_a_year_twice_changes_nothing(tenant):
    make_invoice(tenant)
    open_sequence(today(tenant).year)
    assert InvoiceSequence.objects.get().next_number == 2


def test_a_frozen_sequence_gives_no_number(tenant):
    InvoiceSequence.objects.update(status="frozen")
    with pytest.raises(BusinessError, match="gelée") as caught:
        make_invoice(tenant)
    assert caught.value.code == "invoice-sequence-frozen"
    InvoiceSequence.objects.update(status="active")
    assert make_invoice(tenant).invoice_number.endswith("-00001")


def test_numbers_wider_than_the_format_keep_their_digits():
    assert InvoiceSequence(year=2026, prefix="F", format="NN", suffix="").number(12345) == "F12345"
    assert InvoiceSequence(year=2026, month=3, format="YYYYMM-NNN").number(7) == "202603-007"


CHANGES = {
    "skip": "set next_number = next_number + 2, total_created = total_created + 2",
    "go back": "set next_number = next_number - 1, total_created = total_created - 1",
    "move without counting": "set next_number = next_number + 1",
    "count without moving": "set total_created = total_created + 1",
    "stand still": "set next_number = next_number",
    "change the form": "set prefix = 'X'",
    "change the form with the number": "set prefix = 'X', next_number = next_number + 1, total_created = total_created + 1",
    "another year": "set year = year + 1",
    "freeze and take": "set status = 'frozen', next_number = next_number + 1, total_created = total_created + 1",
}


def test_sql_cannot_bend_a_sequence(tenant, subtests):
    make_invoice(tenant)
    for name, change in CHANGES.items():
        refused = pytest.raises(IntegrityError, match="only the next number")
        with subtests.test(name), refused, transaction.atomic():
            connection.cursor().execute(f"update facturation_invoicesequence {change}")


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_no_login_deletes_a_sequence(committed_tenant, alias):
    """The owner is refused by the trigger, the runtime role too where it may try."""
    with connect_as(alias) as other:
        other.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.id)])
        for sql in ("delete from facturation_invoicesequence", "truncate facturation_invoicesequence cascade"):
            with pytest.raises(Exception, match=r"only the next number|permission denied"):
                other.execute(sql)
        assert other.execute("select count(*) from facturation_invoicesequence").fetchone() == (1,)


TAKE = "update facturation_invoicesequence set next_number = next_number + 1, total_created = total_created + 1"


@pytest.mark.parametrize("form", ["YYYY-NNNNN", "NN", "YYYYMM/NNN"])
def test_no_number_is_taken_without_its_invoice(committed_tenant, form):
    with scope(committed_tenant.id):
        InvoiceSequence.objects.update(format=form, suffix="-D")
        make_invoice(committed_tenant)
    for statements in ([TAKE], [TAKE, TAKE], [TAKE, "select set_config('cauris.tenant', '', true)"]):
        with connect_as("default", autocommit=False) as sql:
            sql.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.id)])
            for statement in statements:
                sql.execute(statement)
            with pytest.raises(errors.CheckViolation) as refusal:
                sql.commit()
        assert refusal.value.diag.constraint_name == "facturation_number_carried"
    with scope(committed_tenant.id):
        assert make_invoice(committed_tenant).invoice_number == InvoiceSequence.objects.get().number(2)


def test_the_trigger_speaks_french():
    assert "qui le porte" in str(message_of("facturation_number_carried").message)
    assert "avancer de un" in str(message_of("facturation_sequence_step").message)


@pytest.mark.django_db(transaction=True)
def test_32_writers_at_once_leave_no_gap_and_no_double(committed_tenant):
    """Each issues three invoices in transactions of its own and gives the third back."""
    tiers = [make_tiers(committed_tenant) for _ in range(32)]
    numbers: list[str] = []
    failures: list[BaseException] = []
    start = threading.Barrier(32)

    def write(place: int) -> None:
        try:
            start.wait(timeout=20)
            for turn in range(3):
                try:
                    with scope(committed_tenant.id):
                        invoice = make_invoice(committed_tenant, tiers=tiers[place])
                        if turn == 2:
                            raise InterruptedError
                    numbers.append(invoice.invoice_number)
                except InterruptedError:
                    pass
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    began = time.monotonic()
    threads = [threading.Thread(target=write, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    print(f"96 invoices by 32 writers: {time.monotonic() - began:.1f} s")  # noqa: T201
    assert failures == []
    year = today(committed_tenant).year
    assert sorted(numbers) == [f"FAC-{year}-{n:05d}" for n in range(1, 65)]
    with scope(committed_tenant.id):
        assert Invoice.objects.count() == 64
        assert InvoiceSequence.objects.get().next_number == 65
