"""An invoice as it was issued, and what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.facturation import selectors
from apps.facturation.models import Invoice, InvoiceHistory
from apps.organisations.permissions import permission_required
from apps.socle.facts import source_link, traces
from apps.socle.money import format_amount
from apps.socle.screens.lists import Step


@permission_required("facturation.view_invoice")
@require_safe
def invoice_detail(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Show an invoice: parties, lines, taxes, what is paid, its timeline and what its fact left behind."""
    invoice = get_object_or_404(selectors.invoices(), pk=invoice_id)
    lines = list(selectors.lines_of(invoice.pk))
    context = {
        "invoice": invoice,
        "lines": lines,
        "taxes": selectors.tax_breakdown(lines),
        "totals": [invoice.total_ht, invoice.total_tax],
        "steps": _steps(invoice, selectors.history_of(invoice.pk)),
        "origin": _origin(invoice),
        "authority": selectors.authority(invoice.pk),
        "account": source_link("organisations.Tiers", invoice.tiers_id),
        "traces": traces(selectors.fact_of(invoice.pk)),
    }
    return render(request, "facturation/facture.html", context)


def _steps(invoice: Invoice, history: Iterable[InvoiceHistory]) -> list[Step]:
    return [
        Step(
            label=step.get_action_display(),
            by=step.acteur_label,
            at=step.created_at,
            detail=_detail(step, invoice.currency),
        )
        for step in history
    ]


def _detail(step: InvoiceHistory, currency: str) -> str:
    amount = format_amount(step.amount, currency) if step.amount is not None else ""
    if step.previous_stage and step.previous_stage != step.new_stage:
        amount = _("%(amount)s, %(stage)s") % {"amount": amount, "stage": step.get_new_stage_display().lower()}
    return " · ".join(filter(None, [step.reference, amount, step.notes]))


def _origin(invoice: Invoice) -> tuple[str, str] | None:
    """Return (URL, label) of the document that the invoice was issued from, when its app registered one."""
    document, key = invoice.metadata.get("document", ""), invoice.metadata.get("id", "")
    return source_link(document, uuid.UUID(key)) if document and key else None
