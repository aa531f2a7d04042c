"""Issuing a legal invoice: what is written, what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from apps.facturation.choices import ROUNDING
from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine, InvoiceSequence, TaxRule
from apps.facturation.services.issue_invoice import Party, issue_invoice
from apps.facturation.tests.factories import line, make_invoice
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur, make_tenant, make_tiers
from apps.socle.actors import SYSTEM, takeover_actor
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import ScopeMissing, scope

pytestmark = pytest.mark.database
TAKEOVER = takeover_actor("octobre")


def refused(tenant, *lines, code, **values):
    before = Invoice.objects.count(), InvoiceSequence.objects.values_list("next_number", flat=True).get()
    with pytest.raises(BusinessError) as caught:
        make_invoice(tenant, *lines, **values)
    assert caught.value.code == code
    assert (Invoice.objects.count(), InvoiceSequence.objects.values_list("next_number", flat=True).get()) == before
    return str(caught.value)


def test_worked_example(tenant):
    """Consultation 5,000, blood count 4,500, thick film 2,000: exempt, and the paper says by which article."""
    invoice = make_invoice(
        tenant,
        line(5000),
        line(4500, category="LABORATOIRE", code="NFS", description="Numération formule sanguine"),
        line(2000, category="LABORATOIRE", code="GE", description="Goutte épaisse"),
    )
    invoice.refresh_from_db()
    assert invoice.invoice_number == f"FAC-{invoice.issue_date.year}-00001"
    assert (invoice.total_ht, invoice.total_tax, invoice.total_ttc, invoice.amount_paid) == (11500, 0, 11500, 0)
    assert (invoice.status, invoice.paid_status, invoice.paid_at) == ("issued", "pending", None)
    assert [(x.position, x.description, x.total_ttc) for x in invoice.lines.all()] == [
        (1, "Consultation générale", 5000),
        (2, "Numération formule sanguine", 4500),
        (3, "Goutte épaisse", 2000),
    ]
    assert {x.exemption for x in invoice.lines.all()} == {"Exonéré de TVA, CGI art. 128"}


def test_a_taxed_line_freezes_its_rate_and_keeps_its_price(tenant):
    invoice = make_invoice(tenant, line(20000, category="AUTRE", code="AU-AMB", description="Transport en ambulance"))
    taxed = invoice.lines.get()
    assert (taxed.tax_rate, taxed.exemption) == (Decimal("19.25"), "")
    assert (taxed.total_ht, taxed.tax_amount, taxed.total_ttc) == (16771, 3229, 20000)
    assert (invoice.total_ht, invoice.total_tax, invoice.total_ttc) == (16771, 3229, 20000)


@pytest.mark.parametrize(
    ("country", "currency", "rate", "article"), [("CI", "XOF", 18, "art. 355"), ("SN", "XOF", 18, "art. 361")]
)
def test_each_country_has_its_law(db, country, currency, rate, article):
    tenant = make_tenant(slug="ailleurs", country=country, currency=currency, time_zone="Africa/Abidjan")
    invoice = make_invoice(tenant, line(5000), line(1180, category="AUTRE"))
    with scope(tenant.id):
        care, other = invoice.lines.all()
    assert article in care.exemption
    assert (other.tax_rate, other.total_ht, other.tax_amount) == (rate, 1000, 180)


def test_where_the_rules_have_ended_nothing_is_invoiced(owner_rules, tenant):
    yesterday = local_date(tenant.time_zone) - timedelta(days=1)
    owner_rules("update facturation_taxrule set valid_to = %s where country = 'CM' and valid_to is null", [yesterday])
    assert "CONSULTATION" in refused(tenant, code="tax-rule-missing")


def test_a_rule_that_ends_leaves_the_next_one(owner_rules, tenant):
    """The rate of the day of issue holds, for a takeover of the past too."""
    today = local_date(tenant.time_zone)
    owner_rules(
        "update facturation_taxrule set valid_to = %s where country = 'CM' and category = ''",
        [today - timedelta(days=10)],
    )
    owner_rules(
        "insert into facturation_taxrule (id, country, category, valid_from, rate, exemption_article, source)"
        " values (gen_random_uuid(), 'CM', '', %s, 20, '', 'essai')",
        [today - timedelta(days=9)],
    )
    rates = [
        make_invoice(tenant, line(100, category="AUTRE"), acteur=TAKEOVER, issue_date=today - timedelta(days=n))
        .lines.get()
        .tax_rate
        for n in (11, 10, 9, 0)
    ]
    assert rates == [Decimal("19.25"), Decimal("19.25"), 20, 20]


def test_the_parties_stay_what_they_were(tenant):
    tiers = make_tiers(tenant, nom="Ngo Bassong Élodie")
    Tenant.objects.update(niu="M012345678901X", rccm="RC/DLA/2019/B/0042", contact_phone="699 00 00 00")
    buyer = Party(name=tiers.nom, identifier="PAT-00412", address="BP 12, Akwa", tax_id="P098765432109Z")
    invoice = make_invoice(tenant, tiers=tiers, buyer=buyer)
    tiers.nom = "Autre nom"
    tiers.save()
    Tenant.objects.update(legal_name="Autre hôpital", niu="")
    invoice.refresh_from_db()
    assert (invoice.buyer_name, invoice.buyer_identifier) == ("Ngo Bassong Élodie", "PAT-00412")
    assert (invoice.buyer_address, invoice.buyer_tax_id) == ("BP 12, Akwa", "P098765432109Z")
    assert invoice.seller_name == "Hôpital Sainte-Odile"
    assert invoice.seller_address == "Rue Drouot, Akwa\nDouala\nCameroun"
    assert (invoice.seller_niu, invoice.seller_rccm) == ("M012345678901X", "RC/DLA/2019/B/0042")
    assert (invoice.seller_phone, invoice.environment) == ("699 00 00 00", "production")


def test_who_issued_is_written_everywhere(tenant):
    acteur = make_acteur(tenant, "comptable")
    invoice = make_invoice(tenant, acteur=acteur, origin={"document": "comptabilite.FactureCaisse", "numero": "FC-1"})
    history, trail = invoice.history.get(), AuditTrail.objects.get(model_id=invoice.pk)
    fact = Fait.objects.get(source_id=invoice.pk)
    assert invoice.user_id == history.acteur_id == trail.user_id == fact.acteur_id == acteur.id
    assert invoice.acteur_label == history.acteur_label == trail.acteur_label == fact.acteur_label == acteur.label
    assert (history.action, history.previous_status, history.new_status) == ("issued", "", "issued")
    assert (history.new_stage, history.amount, history.reference) == ("pending", 5000, invoice.invoice_number)
    assert invoice.metadata == {"document": "comptabilite.FactureCaisse", "numero": "FC-1"}


def test_an_invoice_of_zero_is_numbered_published_and_paid(tenant):
    invoice = make_invoice(tenant, line(0), line(0, category="AUTRE"))
    invoice.refresh_from_db()
    assert invoice.is_zero
    assert invoice.invoice_number.endswith("-00001")
    assert (invoice.status, invoice.paid_status) == ("paid", "complete")
    assert invoice.paid_at is not None
    assert invoice.lines.count() == 2
    fact = Fait.objects.get(source_id=invoice.pk)
    assert [(x["role"], x["amount"]) for x in fact.lines] == [("creance", "0")]


def test_cash_rounding_has_its_own_line(tenant):
    Tenant.objects.update(cash_rounding=5)
    invoice = make_invoice(tenant, line(5003))
    assert (invoice.total_ttc, invoice.rounding, invoice.line_count) == (5005, 2, 2)
    last = invoice.lines.last()
    assert (last.category, last.total_ttc) == (ROUNDING, 2)
    assert last.is_rounding
    assert make_invoice(tenant, line(5001)).rounding == -1
    assert make_invoice(tenant, line(5000)).line_count == 1


@pytest.mark.parametrize(
    ("sold", "code"),
    [
        ({"quantity": "0"}, "quantity-not-positive"),
        ({"quantity": "-2"}, "quantity-not-positive"),
        ({"quantity": "NaN"}, "quantity-not-positive"),
        ({"quantity": "1.00001"}, "quantity-not-positive"),
        ({"quantity": "1e30"}, "quantity-not-positive"),
        ({"price": "-1"}, "price-negative"),
        ({"price": "Infinity"}, "price-negative"),
        ({"price": "1e16"}, "price-negative"),
        ({"price": "9e15", "quantity": "5"}, "amount-too-large"),
    ],
)
def test_a_line_that_cannot_be_sold(tenant, sold, code):
    refused(tenant, line(**sold), code=code)


def test_an_invoice_without_lines(tenant):
    tiers = make_tiers(tenant)
    with pytest.raises(BusinessError, match="au moins une ligne"):
        issue_invoice(tiers=tiers, buyer=Party("X"), lines=[], issue_date=local_date(tenant.time_zone), acteur=SYSTEM)


def test_only_a_takeover_dates_the_past_and_nobody_the_future(tenant):
    today = local_date(tenant.time_zone)
    refused(tenant, code="date-in-past", issue_date=today - timedelta(days=1))
    refused(tenant, code="date-in-future", issue_date=today + timedelta(days=1))
    refused(tenant, code="date-in-future", issue_date=today + timedelta(days=1), acteur=TAKEOVER)
    past = make_invoice(tenant, issue_date=today - timedelta(days=400), acteur=TAKEOVER)
    assert past.invoice_number == f"FAC-{past.issue_date.year}-00001"


def test_a_due_date_before_the_issue(tenant):
    today = local_date(tenant.time_zone)
    assert "échéance" in refused(tenant, code="due-date-too-early", due_date=today - timedelta(days=1))
    assert make_invoice(tenant, due_date=today).due_date == today


def test_the_same_origin_is_invoiced_once(tenant):
    make_invoice(tenant, external_id="FC-00001")
    assert "référence externe" in refused(tenant, code="external-id-taken", external_id="FC-00001")
    make_invoice(tenant)
    make_invoice(tenant)


def test_another_tenants_third_party_is_refused(tenant, autre_tenant):
    """The service looks at nothing of the third party but its key: the composite key refuses it."""
    stranger = make_tiers(autre_tenant)
    with pytest.raises(IntegrityError, match="tiers_id_tenant"):
        make_invoice(tenant, tiers=stranger)
    assert not Invoice.objects.exists()


def test_each_tenant_has_its_own_invoices(tenant, autre_tenant):
    mine, theirs = make_invoice(tenant), make_invoice(autre_tenant)
    assert mine.invoice_number == theirs.invoice_number
    for model in (Invoice, InvoiceLine, InvoiceHistory):
        assert {row.tenant_id for row in model.objects.all()} == {tenant.id}
    assert not Invoice.objects.filter(pk=theirs.pk).exists()


def test_without_a_scope_nothing_is_issued(db):
    with pytest.raises(ScopeMissing):
        issue_invoice(
            tiers=None, buyer=Party("X"), lines=[line()], issue_date=local_date("Africa/Douala"), acteur=SYSTEM
        )


def test_fifty_lines_cost_no_more_queries_than_one(tenant):
    tiers = make_tiers(tenant)
    make_invoice(tenant, tiers=tiers)  # fills what is read once
    counts = []
    for number in (1, 50):
        with CaptureQueriesContext(connection) as captured:
            make_invoice(tenant, *[line(100 + n, category="AUTRE") for n in range(number)], tiers=tiers)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_rules_of_three_countries_are_there(db):
    assert set(TaxRule.objects.values_list("country", flat=True)) == {"CM", "CI", "SN"}
    assert TaxRule.objects.filter(rate=0).count() == 15
    assert {(r.country, r.rate) for r in TaxRule.objects.filter(category="")} == {
        ("CM", Decimal("19.25")),
        ("CI", Decimal(18)),
        ("SN", Decimal(18)),
    }
