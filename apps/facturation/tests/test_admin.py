"""The admin shows invoices, sequences, tax rules, movements and balances, and writes none of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.facturation.models import Invoice, InvoiceSequence, TaxRule
from apps.facturation.tests.factories import line, make_invoice
from apps.organisations.tests.factories import make_user
from apps.socle.scope import scope

pytestmark = pytest.mark.database


@pytest.fixture
def admin(client, tenant):
    client.force_login(make_user(tenant, "auditeur"))
    return lambda path, **query: client.get(f"/{tenant.slug}/admin/facturation/{path}", query)


@pytest.mark.parametrize("model", [Invoice, InvoiceSequence, TaxRule])
def test_each_list_and_each_page_opens_and_offers_no_change(tenant, admin, model):
    make_invoice(tenant, line(5000), line(500, category="AUTRE"))
    name = model._meta.model_name
    listed = admin(f"{name}/")
    assert listed.status_code == 200
    assert f"{name}/add/" not in listed.content.decode()
    page = admin(f"{name}/{model.objects.first().pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert "deletelink" not in page.content.decode()
    assert admin(f"{name}/add/").status_code == 403


def test_search_finds_a_number_or_a_buyer(tenant, admin):
    invoice = make_invoice(tenant)
    make_invoice(tenant)
    found = admin("invoice/", q=invoice.buyer_name).content.decode()
    assert invoice.invoice_number in found
    assert "-00002" not in found


def test_another_tenants_rows_are_not_there(autre_tenant, admin):
    theirs = make_invoice(autre_tenant)
    assert theirs.invoice_number not in admin("invoice/").content.decode()
    assert admin(f"invoice/{theirs.pk}/change/").status_code == 404
    with scope(autre_tenant.id):
        sequence = InvoiceSequence.objects.get()
    assert admin(f"invoicesequence/{sequence.pk}/change/").status_code == 404


def test_fifty_rows_cost_no_more_queries_than_one(tenant, admin):
    counts = []
    make_invoice(tenant)
    admin("invoice/")
    for rows in (0, 49):
        for _ in range(rows):
            make_invoice(tenant)
        with CaptureQueriesContext(connection) as captured:
            admin("invoice/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
