"""Invoices, sequences and tax rules, to read: services issue, migrations bring the law."""

from django.contrib import admin

from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine, InvoiceSequence, TaxRule
from apps.socle.screens.readonly_admin import ReadOnlyAdmin, ReadOnlyInline


class LineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ("position", "description", "category", "quantity", "unit_price", "tax_rate", "exemption", "total_ttc")


class HistoryInline(ReadOnlyInline):
    model = InvoiceHistory
    fields = ("created_at", "action", "new_status", "new_stage", "amount", "reference", "acteur_label")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("invoice_number", "issue_date", "buyer_name", "total_ttc", "amount_paid", "paid_status")
    list_filter = ("paid_status", "issue_date")
    search_fields = ("invoice_number", "buyer_name", "buyer_identifier")
    date_hierarchy = "issue_date"
    inlines = (LineInline, HistoryInline)


@admin.register(InvoiceSequence)
class InvoiceSequenceAdmin(ReadOnlyAdmin):
    list_display = ("year", "month", "prefix", "format", "next_number", "total_created", "status")


@admin.register(TaxRule)
class TaxRuleAdmin(ReadOnlyAdmin):
    list_display = ("country", "category", "rate", "exemption_article", "valid_from", "valid_to")
    list_filter = ("country",)
