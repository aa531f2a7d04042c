"""The fact of an invoice: it balances, and its snapshot prints the invoice again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.facturation.facts import INVOICE_ISSUED, fact_lines
from apps.facturation.models import Invoice, InvoiceLine
from apps.facturation.pricing import price_invoice
from apps.facturation.tests.factories import line, make_invoice
from apps.facturation.tests.test_pricing import RATES, STEPS
from apps.facturation.tests.test_pricing import lines as sold_lines
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.facts import declaration_of, source_link
from apps.socle.models import Fait

DEBITS = {"creance", "arrondi_perte"}


def invoice_of(sold, currency, step):
    """An invoice and its lines as the service makes them, without a database."""
    priced = price_invoice(sold, RATES, currency, step)
    invoice = Invoice(
        invoice_number="FAC-2026-00001", buyer_name="Mbarga", total_ttc=priced.total_ttc, currency=currency
    )
    return invoice, [InvoiceLine(currency=currency, **asdict(x)) for x in priced.lines]


@given(sold_lines, st.sampled_from(["XAF", "EUR"]), STEPS)
def test_whatever_is_sold_debits_equal_credits(sold, currency, step):
    parts = list(fact_lines(*invoice_of(sold, currency, step)))
    debit = sum(x.amount for x in parts if x.role in DEBITS)
    assert debit == sum(x.amount for x in parts if x.role not in DEBITS)
    assert {x.role for x in parts} <= set(INVOICE_ISSUED.roles)
    assert all(x.amount > 0 for x in parts[1:])


def test_roles_and_criteria():
    sold = [
        line(5000, category="SOIN", service_code="MED"),
        line(500, category="AUTRE", description="Carnet"),
        line(1000, category="AUTRE", description="Photocopies"),
        line(0, category="SOIN", description="Offert"),
    ]
    parts = [(x.role, x.amount, dict(x.criteria)) for x in fact_lines(*invoice_of(sold, "XAF", Decimal(0)))]
    assert parts == [
        ("creance", 6500, {}),
        ("produit", 5000, {"type_recette": "SOIN", "service": "MED"}),
        ("produit", 419, {"type_recette": "AUTRE", "taxe": "19.25"}),
        ("produit", 839, {"type_recette": "AUTRE", "taxe": "19.25"}),
        ("taxe", 242, {"taxe": "19.25", "type_recette": "AUTRE"}),
    ]


@pytest.mark.parametrize(("price", "role", "amount"), [(5003, "arrondi_gain", 2), (5001, "arrondi_perte", 1)])
def test_the_cash_rounding_is_income_or_expense(price, role, amount):
    parts = list(fact_lines(*invoice_of([line(price, category="SOIN")], "XAF", Decimal(5))))
    assert [(x.role, x.amount) for x in parts if x.role.startswith("arrondi")] == [(role, amount)]


@pytest.mark.database
def test_the_snapshot_prints_the_invoice_again(tenant):
    Tenant.objects.update(cash_rounding=5, niu="M012345678901X")
    acteur = make_acteur(tenant, "comptable")
    invoice = make_invoice(
        tenant, line("2500.5", "1.5"), line(500, category="AUTRE"), acteur=acteur, origin={"numero": "FC-1"}
    )
    fact = Fait.objects.get(source_id=invoice.pk)
    assert fact.snapshot == json.loads(json.dumps(fact.snapshot)), "strings, integers, arrays and objects only"
    seen = fact.snapshot
    assert seen["document"]["number"] == invoice.invoice_number == fact.number
    assert date.fromisoformat(seen["document"]["issue_date"]) == invoice.issue_date == fact.date
    assert seen["seller"]["niu"] == "M012345678901X"
    assert seen["buyer"]["name"] == invoice.buyer_name == fact.tiers_label
    assert seen["acteur"] == {"kind": "user", "label": acteur.label, "role": "comptable"}
    assert seen["origin"] == {"numero": "FC-1"}
    for column, key in (("total_ht", "ht"), ("total_tax", "tax"), ("rounding", "rounding"), ("total_ttc", "ttc")):
        assert Decimal(seen["totals"][key]) == getattr(invoice, column)
    printed = ("description", "code", "category", "quantity", "unit_price", "tax_rate", "exemption", "total_ttc")
    assert [[str(x[name]) for name in printed] for x in seen["lines"]] == [
        [str(getattr(x, name)).rstrip("0").rstrip(".") if isinstance(getattr(x, name), Decimal) else getattr(x, name)
         for name in printed]
        for x in invoice.lines.all()
    ]  # fmt: skip


@pytest.mark.database
@pytest.mark.urls("config.urls_staff")
def test_a_fact_leads_back_to_its_invoice(tenant):
    invoice = make_invoice(tenant)
    url, label = source_link("facturation.Invoice", invoice.pk)
    assert url.endswith(f"/factures/{invoice.pk}/")
    assert label == invoice.invoice_number


def test_it_is_declared_as_money_and_fiscal():
    declared = declaration_of("invoice_issued")
    assert (declared.source, declared.money, declared.legal_status) == ("facturation.Invoice", True, "donnee_fiscale")
