"""What PostgreSQL refuses of invoices, each time with its French sentence."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, models, transaction

from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine, InvoiceSequence, TaxRule
from apps.facturation.tests.factories import line, make_invoice
from apps.socle.errors import BusinessError, constraint_name, from_integrity_error
from tests.support.database import connect_as

pytestmark = pytest.mark.database

# constraint: (model, what a copy of a valid row says otherwise)
REFUSED = {
    "facturation_invoice_number": (Invoice, {}),
    "facturation_invoice_external": (Invoice, {"invoice_number": "'X'"}),
    "facturation_invoice_words": (Invoice, {"direction": "'sideways'"}),
    "facturation_invoice_total": (Invoice, {"total_ttc": "total_ttc + 1"}),
    "facturation_invoice_positive": (Invoice, {"total_ht": "-1", "total_tax": "total_ttc + 1"}),
    "facturation_invoice_paid": (Invoice, {"amount_paid": "total_ttc + 1"}),
    "facturation_invoice_paid_status": (Invoice, {"paid_status": "'partial'"}),
    "facturation_invoice_due": (Invoice, {"due_date": "issue_date - 1"}),
    "facturation_invoice_not_empty": (Invoice, {"line_count": "0"}),
    "facturation_invoice_precision": (Invoice, {"total_ht": "total_ht + 0.5", "total_ttc": "total_ttc + 0.5"}),
    "facturation_line_position": (InvoiceLine, {}),
    "facturation_line_quantity": (InvoiceLine, {"quantity": "0"}),
    "facturation_line_positive": (InvoiceLine, {"unit_price": "-1"}),
    "facturation_line_total": (InvoiceLine, {"total_ttc": "total_ttc + 1"}),
    "facturation_line_tax": (InvoiceLine, {"exemption": "''"}),
    "facturation_line_precision": (InvoiceLine, {"total_ht": "total_ht + 0.5", "total_ttc": "total_ttc + 0.5"}),
    "facturation_history_action": (InvoiceHistory, {"action": "'dreamt'"}),
    "facturation_sequence_unique": (InvoiceSequence, {}),
    "facturation_sequence_range": (InvoiceSequence, {"month": "13"}),
    "facturation_sequence_format": (InvoiceSequence, {"year": "2031", "format": "'YYYY'"}),
    "facturation_sequence_words": (InvoiceSequence, {"year": "2031", "status": "'asleep'"}),
}  # fmt: skip
UNUSED = {InvoiceSequence: {"year": "2030", "total_created": "0", "prefix": "''"}}
# What a state machine's trigger says before the CHECK can, and what only the owner may write.
ELSEWHERE = {
    "facturation_invoice_status",
    "facturation_taxrule_rate",
    "facturation_taxrule_dates",
    "facturation_taxrule_overlap",
}


def copy_of_a_row(model: type[models.Model], changes: dict[str, str]) -> str:
    """SQL that inserts a copy of the first row under another key."""
    made = {"id": "gen_random_uuid()", **changes}
    names = [f.column for f in model._meta.local_concrete_fields]
    values = ", ".join(made.get(name, name) for name in names)
    table = model._meta.db_table
    return f"insert into {table} ({', '.join(names)}) select {values} from {table} order by id limit 1"


def test_wrong_rows_are_refused_in_french(tenant, subtests):
    make_invoice(tenant, line(5000), external_id="FC-00001")
    InvoiceSequence(year=2030).save()  # one that has given no number
    for name, (model, changes) in REFUSED.items():
        with subtests.test(name):
            said = refusal_of(copy_of_a_row(model, {**UNUSED.get(model, {}), **changes}), name)
            assert "_" not in said.code
            assert str(said).endswith(".")
            assert str(said)[0].isupper()


def refusal_of(sql: str, name: str) -> BusinessError:
    """Run what the constraint `name` refuses; return what a person reads."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        connection.cursor().execute(sql)
    assert constraint_name(caught.value) == name
    said = from_integrity_error(caught.value)
    assert isinstance(said, BusinessError)
    return said


def test_no_constraint_is_left_out():
    app_models = (Invoice, InvoiceHistory, InvoiceLine, InvoiceSequence, TaxRule)
    assert {c.name for m in app_models for c in m._meta.constraints} == REFUSED.keys() | ELSEWHERE


def test_an_invoice_cannot_begin_in_a_state_that_does_not_exist(tenant):
    make_invoice(tenant)
    with pytest.raises(IntegrityError, match="cannot begin in state draft") as caught, transaction.atomic():
        connection.cursor().execute(copy_of_a_row(Invoice, {"invoice_number": "'X'", "status": "'draft'"}))
    assert "état du document a changé" in str(from_integrity_error(caught.value))


RULES = {
    "facturation_taxrule_rate": "'ZZ', '', '2020-01-01', null, 0, ''",
    "facturation_taxrule_dates": "'ZZ', '', '2020-01-01', '2019-12-31', 10, ''",
    "facturation_taxrule_overlap": "'CM', 'CONSULTATION', '2030-01-01', null, 10, ''",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "values"), RULES.items(), ids=RULES.keys())
def test_a_wrong_rule_of_tax_is_refused_to_the_owner_too(name, values):
    sql = (
        "insert into facturation_taxrule (id, country, category, valid_from, valid_to, rate, exemption_article, source)"
    )
    with connect_as("owner") as owner, pytest.raises(Exception, match=name):
        owner.execute(f"{sql} values (gen_random_uuid(), {values}, '')")
    constraint = next(c for c in TaxRule._meta.constraints if c.name == name)
    assert str(constraint.get_violation_error_message()).endswith(".")
