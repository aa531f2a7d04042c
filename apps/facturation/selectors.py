"""The reads of this app."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine, TaxRule
from apps.facturation.pricing import LineToIssue, PricedInvoice, TaxRate, price_invoice
from apps.organisations.models import Tenant
from apps.socle.errors import BusinessError
from apps.socle.facts import authority_of
from apps.socle.models import Fait
from apps.socle.unit_of_work import once


@dataclass(frozen=True)
class TaxBreakdown:
    """What an invoice bears at one rate or under one exemption."""

    rate: Decimal
    exemption: str
    base: Decimal
    tax: Decimal


def countries_with_tax_rules(on: date) -> list[str]:
    """Return the countries (ISO 3166-1 alpha-2, sorted) that have a rule on that day."""
    rules = TaxRule.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)
    return sorted(set(rules.values_list("country", flat=True)))


def tax_rates(country: str, on: date, categories: Sequence[str]) -> dict[str, TaxRate]:
    """Return the rate or exemption of each category in `country` on that day.

    A rule without category stands for those that have none of their own. Raises BusinessError for a
    category that no rule covers: nothing is invoiced at a guess.
    """
    known = once(("tax rates", country, on), lambda: _tax_rates_in_force(country, on))
    found = {category: known.get(category) or known.get("") for category in categories}
    for category, rate in found.items():
        if rate is None:
            message = _("Aucune règle de TVA ne couvre « %(category)s » (%(country)s) au %(date)s.") % {
                "category": category,
                "country": country,
                "date": on.strftime("%d/%m/%Y"),
            }
            raise BusinessError(message, code="tax-rule-missing", field="category")
    return {category: rate for category, rate in found.items() if rate is not None}


def _tax_rates_in_force(country: str, on: date) -> dict[str, TaxRate]:
    rules = TaxRule.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), country=country, valid_from__lte=on)
    return {rule.category: TaxRate(rule.rate, rule.exemption_article) for rule in rules}


def price(tenant: Tenant, lines: Sequence[LineToIssue], on: date) -> PricedInvoice:
    """Return what an invoice of `lines` would come to on that day, cash rounding included; writes nothing."""
    rates = tax_rates(tenant.country, on, [line.category for line in lines])
    return price_invoice(lines, rates, tenant.currency, tenant.cash_rounding)


def invoices() -> QuerySet[Invoice]:
    """Return the invoices of the tenant in scope, latest first."""
    return Invoice.objects.select_related("tiers")


def lines_key(invoice_id: uuid.UUID) -> tuple[str, uuid.UUID]:
    return "lines of the invoice", invoice_id


def issued_lines(invoice_id: uuid.UUID) -> list[InvoiceLine]:
    """Return the lines of an issued invoice by position, read once a command: they never change."""
    return once(lines_key(invoice_id), lambda: list(lines_of(invoice_id)))


def lines_of(invoice_id: uuid.UUID) -> QuerySet[InvoiceLine]:
    return InvoiceLine.objects.filter(invoice_id=invoice_id).order_by("position")


def history_of(invoice_id: uuid.UUID) -> QuerySet[InvoiceHistory]:
    return InvoiceHistory.objects.filter(invoice_id=invoice_id).order_by("created_at", "id")


def tax_breakdown(lines: Sequence[InvoiceLine]) -> list[TaxBreakdown]:
    """Return bases and taxes by rate and exemption, in the order in which the lines meet them."""
    found: dict[tuple[Decimal, str], list[Decimal]] = {}
    for line in lines:
        base_and_tax = found.setdefault((line.tax_rate, line.exemption), [Decimal(0), Decimal(0)])
        base_and_tax[0] += line.total_ht
        base_and_tax[1] += line.tax_amount
    return [TaxBreakdown(rate, exemption, base, tax) for (rate, exemption), (base, tax) in found.items()]


def fact_of(invoice_id: uuid.UUID) -> uuid.UUID:
    """Return the id of the fact that the invoice published. Raises Fait.DoesNotExist."""
    return Fait.objects.values_list("pk", flat=True).get(source_type=Invoice._meta.label, source_id=invoice_id)


def link(invoice_id: uuid.UUID) -> tuple[str, str]:
    """Return (URL, label) of an invoice, for whoever shows its fact."""
    number = Invoice.objects.values_list("invoice_number", flat=True).get(pk=invoice_id)
    return reverse("facturation:facture", args=[invoice_id]), number


def authority(invoice_id: uuid.UUID) -> str:
    """Return on whose word the system issued an invoice, as the document that it was issued from says; empty where a person did."""
    metadata = Invoice.objects.values_list("metadata", flat=True).filter(pk=invoice_id).first() or {}
    document, key = metadata.get("document", ""), metadata.get("id", "")
    return authority_of(document, uuid.UUID(key)) if document and key else ""
