"""Nothing issued is changed: by no column but the living ones, by no login, by no late line."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine
from apps.facturation.services import issue_invoice as service
from apps.facturation.services.record_payment import record_payment
from apps.facturation.tests.factories import line, make_invoice
from apps.socle.actors import SYSTEM
from apps.socle.commands import check_deferred_constraints
from apps.socle.errors import BusinessError
from apps.socle.fields import uuid7
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database

LIVING = {"status", "paid_status", "paid_at", "amount_paid", "updated_at"}


def columns(model):
    return [f.column for f in model._meta.local_concrete_fields]


def another(column: str) -> str:
    """SQL that gives the column another value of its type."""
    return {
        "issue_date": "issue_date - 1",
        "due_date": "current_date",
        "metadata": "'{\"a\": 1}'",
        "created_at": "now() - interval '1 day'",
        "paid_at": "now()",
    }.get(column, "")


def value_for(model, column: str) -> str:
    field = next(f for f in model._meta.local_concrete_fields if f.column == column)
    kind = field.get_internal_type()
    if given := another(column):
        return given
    if "UUID" in kind or field.is_relation:
        return "gen_random_uuid()"
    return f"{column} + 1" if "Integer" in kind or "Decimal" in kind else f"left({column} || 'x', 2)"


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, InvoiceHistory])
def test_no_column_of_an_issued_row_changes(tenant, model, subtests):
    """As the runtime role where it may write; what it may not even try is refused by the grant."""
    make_invoice(tenant)
    for column in columns(model):
        if column in LIVING:
            continue
        sql = f"update {model._meta.db_table} set {column} = {value_for(model, column)}"
        refusal = r"UPDATE refused|cannot change|permission denied"
        with subtests.test(column), pytest.raises(Exception, match=refusal), transaction.atomic():
            connection.cursor().execute(sql)


@pytest.mark.django_db(transaction=True)
def test_the_owner_changes_no_issued_row_either(committed_tenant):
    """Each attempt is refused by a trigger that stays on even in the replica mode of restores."""
    make_invoice(committed_tenant, line(5000), line(500, category="AUTRE"))
    with connect_as("owner") as owner:
        owner.execute("select set_config('cauris.tenant', %s, false)", [str(committed_tenant.id)])
        for model in (Invoice, InvoiceLine, InvoiceHistory):
            table = model._meta.db_table
            changes = [f"update {table} set {c} = {value_for(model, c)}" for c in columns(model) if c not in LIVING]
            for sql in (*changes, f"delete from {table}", f"truncate {table} cascade"):
                with pytest.raises(psycopg.errors.CheckViolation) as caught:
                    owner.execute(sql)
                assert caught.value.diag.constraint_name in {"socle_immutable", "socle_transition"}, sql
            assert owner.execute(f"select count(*) from {table}").fetchone()[0] >= 1
    with scope(committed_tenant.id):
        assert Invoice.objects.get().total_ttc == 5500


def test_the_runtime_role_deletes_nothing(tenant, subtests):
    make_invoice(tenant)
    for table in ("facturation_invoice", "facturation_invoiceline", "facturation_invoicehistory"):
        for sql in (f"delete from {table}", f"truncate {table} cascade"):
            with subtests.test(sql), pytest.raises(Exception, match=r"permission denied|refused"), transaction.atomic():
                connection.cursor().execute(sql)


def test_a_paid_invoice_does_not_become_unpaid(tenant):
    invoice = make_invoice(tenant)
    record_payment(invoice_id=invoice.pk, amount=Decimal(5000), acteur=SYSTEM, reference="X")
    with pytest.raises(IntegrityError, match="step paid to issued refused"), transaction.atomic():
        connection.cursor().execute("update facturation_invoice set status = 'issued'")


def test_the_law_is_not_the_runtimes_to_write(tenant):
    for sql in (
        "insert into facturation_taxrule select * from facturation_taxrule",
        "update facturation_taxrule set rate = 1",
        "delete from facturation_taxrule",
    ):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            connection.cursor().execute(sql)


@pytest.mark.django_db(transaction=True)
def test_a_rule_of_tax_only_ends(committed_tenant):
    with connect_as("owner", autocommit=False) as owner:
        for sql in ("update facturation_taxrule set rate = 1 where rate > 0", "delete from facturation_taxrule"):
            with pytest.raises(psycopg.errors.CheckViolation), owner.transaction():
                owner.execute(sql)
        owner.execute("update facturation_taxrule set valid_to = '2030-12-31'")
        owner.rollback()


def committed(sql: str, *values: object) -> None:
    """Run `sql` in a savepoint, and ask what the commit would ask."""
    with transaction.atomic():
        connection.cursor().execute(sql, values)
        check_deferred_constraints()


@pytest.mark.parametrize("price", [100, 0])
def test_a_line_added_afterwards_is_refused(tenant, price):
    """A free line too: the invoice counts its lines."""
    make_invoice(tenant)
    copied = [c for c in columns(InvoiceLine) if c not in {"id", "position", "unit_price", "total_ht", "total_ttc"}]
    names = ", ".join(copied)
    with pytest.raises(IntegrityError, match="do not make its totals"):
        committed(
            f"insert into facturation_invoiceline (id, position, unit_price, total_ht, total_ttc, {names})"
            f" select gen_random_uuid(), 9, %s, %s, %s, {names} from facturation_invoiceline",
            price,
            price,
            price,
        )


@pytest.mark.parametrize("total", ["total_ht", "total_tax", "rounding", "line_count"])
def test_an_invoice_whose_lines_differ_is_refused(tenant, total):
    """The service cannot make one; SQL can, and the commit fails."""
    invoice = make_invoice(tenant, line(5000), line(500, category="AUTRE"))
    made = {"id": "%s::uuid", "invoice_number": "invoice_number || 'X'", total: f"{total} + 1"}
    if total in {"total_ht", "total_tax"}:
        made["total_ttc"] = "total_ttc + 1"
    names = ", ".join(columns(Invoice))
    values = ", ".join(made.get(c, c) for c in columns(Invoice))
    copy = uuid7()
    line_names = ", ".join(c for c in columns(InvoiceLine) if c not in {"id", "invoice_id"})
    with pytest.raises(IntegrityError, match="do not make its totals"):
        committed(
            f"with copy as (insert into facturation_invoice ({names}) select {values} from facturation_invoice where id = %s)"
            f" insert into facturation_invoiceline (id, invoice_id, {line_names})"
            f" select gen_random_uuid(), %s::uuid, {line_names} from facturation_invoiceline",
            copy,
            invoice.pk,
            copy,
        )


def test_an_invoice_without_its_fact_is_refused(tenant, monkeypatch):
    monkeypatch.setattr(service, "publish", lambda fact: None)
    with pytest.raises(BusinessError) as caught:
        make_invoice(tenant)
    assert caught.value.code == "fact-required"
    assert not Invoice.objects.exists()


def test_lines_in_another_currency_do_not_count(tenant, monkeypatch):
    def in_euros(invoice, priced):
        invoice.currency = "EUR"
        return original(invoice, priced)

    original = service._insert_lines
    monkeypatch.setattr(service, "_insert_lines", in_euros)
    with pytest.raises(BusinessError) as caught:
        make_invoice(tenant)
    assert caught.value.code == "invoice-lines-differ"
    assert "ne font pas son total" in str(caught.value)
