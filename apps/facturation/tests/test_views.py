"""The page of an invoice: what it shows, to whom, at what cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.facturation.services.issue_invoice import Party
from apps.facturation.services.record_payment import record_payment
from apps.facturation.tests.factories import line, make_invoice
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import acteur_of, make_tiers, make_user


@pytest.fixture
def cashier(tenant):
    return make_user(tenant, "caissier")


@pytest.fixture
def page(client, tenant, cashier):
    client.force_login(cashier)
    return lambda invoice: client.get(f"/{tenant.slug}/factures/{invoice.pk}/")


def test_it_shows_the_invoice_as_issued(tenant, cashier, page):
    Tenant.objects.update(cash_rounding=5)
    acteur = acteur_of(cashier, tenant)
    invoice = make_invoice(
        tenant,
        line(5000),
        line(503, category="AUTRE", description="Carnet <b>de santé</b>"),
        acteur=acteur,
        notes="Prise en charge demandée",
    )
    record_payment(invoice_id=invoice.pk, amount=Decimal(2000), acteur=acteur, reference="QUIT-2026-00007")
    text = page(invoice).content.decode()
    for said in (
        invoice.invoice_number,
        "Consultation générale",
        "Carnet &lt;b&gt;de santé&lt;/b&gt;",
        "Exonéré de TVA, CGI art. 128",
        "19,25",
        "Arrondi des espèces",
        "5\u202f505\u00a0FCFA",
        "3\u202f505\u00a0FCFA",
        "QUIT-2026-00007",
        "Prise en charge demandée",
        "Payée en partie",
        invoice.seller_name,
        invoice.buyer_identifier,
        acteur.label,
    ):
        assert said in text, said
    assert "Supprimer" not in text


def test_it_leads_to_the_account_and_the_movement(tenant, page):
    tiers = make_tiers(tenant)
    text = page(make_invoice(tenant, tiers=tiers)).content.decode()
    assert f"/{tenant.slug}/tiers/{tiers.pk}/" in text
    assert "Mouvement" in text


def test_an_invoice_of_zero_says_that_it_left_no_movement(tenant, page):
    response = page(make_invoice(tenant, line(0)))
    assert response.status_code == 200
    assert all(trace.kind != "Mouvement" for trace in response.context["traces"])


def test_text_of_others_does_no_harm(tenant, page):
    party = Party(name='=HYPERLINK("http://x")<script>alert(1)</script>', address="<img src=x>")
    text = page(make_invoice(tenant, buyer=party)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_another_tenants_invoice_is_not_found(autre_tenant, page):
    assert page(make_invoice(autre_tenant)).status_code == 404


def test_a_role_that_sees_no_money_is_refused(client, tenant):
    client.force_login(make_user(tenant, "medecin"))
    assert client.get(f"/{tenant.slug}/factures/{make_invoice(tenant).pk}/").status_code == 403


def test_a_stranger_is_sent_to_sign_in(client, tenant):
    response = client.get(f"/{tenant.slug}/factures/{make_invoice(tenant).pk}/")
    assert response.status_code == 302
    assert "/compte/" in response["Location"]


def test_nothing_is_posted_here(client, tenant, cashier):
    client.force_login(cashier)
    assert client.post(f"/{tenant.slug}/factures/{make_invoice(tenant).pk}/").status_code == 405


def test_fifty_lines_cost_no_more_queries_than_one(tenant, page):
    one = make_invoice(tenant)
    fifty = make_invoice(tenant, *[line(100 + n) for n in range(50)])
    page(one)
    counts = []
    for invoice in (one, fifty):
        with CaptureQueriesContext(connection) as captured:
            assert page(invoice).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
