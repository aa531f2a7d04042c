"""What is paid on an invoice: never more than it, each step in its history."""

from __future__ import annotations

import threading
import uuid
from decimal import Decimal

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.facturation.services.record_payment import record_payment
from apps.facturation.tests.factories import line, make_invoice
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def pay(invoice, amount, reference="QUIT-2026-00001", acteur=SYSTEM):
    return record_payment(invoice_id=invoice.pk, amount=Decimal(amount), acteur=acteur, reference=reference)


def test_in_part_then_whole(tenant):
    acteur = make_acteur(tenant)
    invoice = make_invoice(tenant, line(11500))
    invoice = pay(invoice, 5000, "QUIT-2026-00001", acteur)
    assert (invoice.amount_paid, invoice.balance_due) == (5000, 6500)
    assert (invoice.status, invoice.paid_status, invoice.paid_at) == ("issued", "partial", None)
    invoice = pay(invoice, 6500, "QUIT-2026-00002", acteur)
    invoice.refresh_from_db()
    assert (invoice.amount_paid, invoice.balance_due) == (11500, 0)
    assert (invoice.status, invoice.paid_status) == ("paid", "complete")
    assert invoice.paid_at == invoice.updated_at
    steps = [(h.action, h.previous_stage, h.new_stage, h.amount, h.reference) for h in invoice.history.all()]
    assert steps == [
        ("issued", "", "pending", 11500, invoice.invoice_number),
        ("payment_recorded", "pending", "partial", 5000, "QUIT-2026-00001"),
        ("payment_recorded", "partial", "complete", 6500, "QUIT-2026-00002"),
    ]
    assert {h.acteur_id for h in invoice.history.all()} == {None, acteur.id}
    assert AuditTrail.objects.filter(model_id=invoice.pk, action="invoice_payment_recorded").count() == 2


def test_it_publishes_nothing_of_its_own(tenant):
    """The receipt moves the money; counting it here too would book it twice."""
    invoice = make_invoice(tenant)
    facts = Fait.objects.count()
    pay(invoice, 5000)
    assert Fait.objects.count() == facts


def test_more_than_is_due_is_refused_and_says_what_is_due(tenant):
    invoice = pay(make_invoice(tenant, line(11500)), 5000)
    with pytest.raises(BusinessError) as caught:
        pay(invoice, 6501)
    assert caught.value.code == "payment-exceeds-invoice"
    assert "6\u202f500\u00a0FCFA" in str(caught.value)
    invoice.refresh_from_db()
    assert invoice.amount_paid == 5000


@pytest.mark.parametrize("amount", ["0", "-1", "0.5", "NaN", "Infinity"])
def test_an_amount_that_is_none(tenant, amount):
    invoice = make_invoice(tenant)
    with pytest.raises(BusinessError) as caught:
        pay(invoice, amount)
    assert caught.value.code == "payment-amount-invalid"


def test_a_paid_invoice_takes_no_more(tenant):
    for invoice in (pay(make_invoice(tenant), 5000), make_invoice(tenant, line(0))):
        with pytest.raises(BusinessError) as caught:
            pay(invoice, 1)
        assert caught.value.code == "payment-exceeds-invoice"


def test_another_tenants_invoice_does_not_exist(tenant, autre_tenant):
    theirs = make_invoice(autre_tenant)
    for stranger in (theirs.pk, uuid.uuid4()):
        with pytest.raises(BusinessError) as caught:
            record_payment(invoice_id=stranger, amount=Decimal(1), acteur=SYSTEM, reference="X")
        assert caught.value.code == "invoice-unknown"


@pytest.mark.django_db(transaction=True)
def test_32_writers_at_once_on_one_invoice_never_take_too_much(committed_tenant):
    """10,000 are due, 32 bring 500 each: twenty are taken, twelve are told what is due."""
    invoice = make_invoice(committed_tenant, line(10_000))
    taken, refused, failures = [], [], []
    start = threading.Barrier(32)

    def write(place):
        try:
            start.wait(timeout=20)
            with scope(committed_tenant.id):
                taken.append(pay(invoice, 500, f"QUIT-2026-{place:05d}").amount_paid)
        except BusinessError as error:
            refused.append(error.code)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert sorted(taken) == [500 * n for n in range(1, 21)]
    assert refused == ["payment-exceeds-invoice"] * 12
    with scope(committed_tenant.id):
        invoice.refresh_from_db()
        assert (invoice.amount_paid, invoice.paid_status) == (10_000, "complete")
        assert invoice.history.count() == 21


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(total=st.integers(1, 20_000), asked=st.lists(st.integers(1, 9_000), max_size=6))
def test_whatever_is_asked_the_balance_is_the_total_less_what_was_taken(tenant, total, asked):
    invoice = make_invoice(tenant, line(total))
    taken = 0
    for amount in asked:
        try:
            pay(invoice, amount)
            taken += amount
        except BusinessError:
            assert taken + amount > total
    invoice.refresh_from_db()
    assert (invoice.amount_paid, invoice.balance_due) == (taken, total - taken)
    assert invoice.paid_status == ("complete" if taken == total else "partial" if taken else "pending")
    assert sum(h.amount for h in invoice.history.filter(action="payment_recorded")) == taken
