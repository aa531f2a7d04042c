"""Issue a legal invoice: numbered, priced, snapshotted, published, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.facturation import selectors
from apps.facturation.choices import HistoryAction, PaidStatus, Status
from apps.facturation.facts import invoice_issued
from apps.facturation.models import Invoice, InvoiceHistory, InvoiceLine
from apps.facturation.numbers import take_number
from apps.facturation.pricing import LineToIssue, PricedInvoice
from apps.organisations.models import Tenant, Tiers
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date, now
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.facts import publish
from apps.socle.money import LIMIT, plain
from apps.socle.unit_of_work import insert_as_born, insert_later, know

__all__ = ["LineToIssue", "Party", "issue_invoice"]


@dataclass(frozen=True)
class Party:
    """The buyer as the paper names it; `identifier` is the number that the seller knows it by."""

    name: str
    identifier: str = ""
    address: str = ""
    tax_id: str = ""


@command
def issue_invoice(
    *,
    tiers: Tiers,
    buyer: Party,
    lines: Sequence[LineToIssue],
    issue_date: date,
    acteur: Acteur,
    due_date: date | None = None,
    external_id: str = "",
    origin: Mapping[str, str] | None = None,
    notes: str = "",
) -> Invoice:
    """Issue the invoice of `lines` to `buyer`, on the account of `tiers`, in the tenant's currency.

    Prices are those of the till, tax included; each line freezes the rate or exemption that its
    category has in the tenant's country on `issue_date`. An invoice of zero is born paid. Raises
    BusinessError for an empty invoice, a line without quantity or below zero, a date that is not
    today (only the takeover actor may give a past one), a category without a tax rule and a frozen
    sequence.
    """
    tenant = current_tenant()
    check_lines(lines)
    check_date(issue_date, acteur, tenant)
    priced = selectors.price(tenant, lines, issue_date)
    if priced.total_ttc >= LIMIT:
        raise BusinessError(_("Le total de la facture est trop grand."), code="amount-too-large", field="lines")
    invoice = _invoice(tenant, tiers, buyer, priced, acteur)
    invoice.issue_date, invoice.due_date = issue_date, due_date
    invoice.external_id, invoice.metadata, invoice.notes = external_id, dict(origin or {}), notes
    invoice.invoice_number = take_number(issue_date, past=acteur.is_takeover)
    insert_as_born(invoice)
    rows = _insert_lines(invoice, priced)
    _insert_history(invoice, acteur)
    publish(invoice_issued(invoice, rows, tiers, acteur))
    record(
        "invoice_issued",
        invoice,
        acteur,
        new={"invoice_number": invoice.invoice_number, "total_ttc": plain(invoice.total_ttc)},
    )
    return invoice


def check_lines(lines: Sequence[LineToIssue]) -> None:
    """Raise BusinessError unless there is a line, each with a positive quantity and no price below zero."""
    if not lines:
        raise BusinessError(_("Une facture a au moins une ligne."), code="invoice-empty", field="lines")
    for line in lines:
        if not _is_amount(line.quantity, Decimal(10) ** 10) or line.quantity <= 0:
            message = _("« %s » : la quantité doit être supérieure à zéro.") % line.description
            raise BusinessError(message, code="quantity-not-positive", field="quantity")
        if not _is_amount(line.unit_price, LIMIT) or line.unit_price < 0:
            message = _("« %s » : le prix ne peut être négatif.") % line.description
            raise BusinessError(message, code="price-negative", field="unit_price")


def _is_amount(value: Decimal, limit: Decimal) -> bool:
    """Tell whether a column of four decimals keeps `value` as it is."""
    return value.is_finite() and abs(value) < limit and value == round(value, 4)


def check_date(issue_date: date, acteur: Acteur, tenant: Tenant) -> None:
    """Raise BusinessError unless the date is today in the tenant's zone, or past and a takeover's."""
    today = local_date(tenant.time_zone)
    if issue_date > today:
        raise BusinessError(_("Une facture ne peut être datée de demain."), code="date-in-future", field="issue_date")
    if issue_date < today and not acteur.is_takeover:
        message = _("Seule une reprise peut dater une facture d’un jour passé.")
        raise BusinessError(message, code="date-in-past", field="issue_date")


def _invoice(tenant: Tenant, tiers: Tiers, buyer: Party, priced: PricedInvoice, acteur: Acteur) -> Invoice:
    free = not priced.total_ttc
    return Invoice(
        tenant=tenant,
        tiers=tiers,
        user_id=acteur.id,
        acteur_kind=acteur.kind,
        acteur_label=acteur.label,
        environment=tenant.environment,
        currency=tenant.currency,
        total_ht=priced.total_ht,
        total_tax=priced.total_tax,
        rounding=priced.rounding,
        total_ttc=priced.total_ttc,
        line_count=len(priced.lines),
        seller_name=tenant.legal_name,
        seller_address="\n".join(tenant.address_lines),
        seller_phone=tenant.contact_phone,
        seller_siret=tenant.siret,
        seller_vat_number=tenant.vat_number,
        seller_niu=tenant.niu,
        seller_rccm=tenant.rccm,
        buyer_name=buyer.name,
        buyer_identifier=buyer.identifier,
        buyer_address=buyer.address,
        buyer_tax_id=buyer.tax_id,
        status=Status.PAID if free else Status.ISSUED,
        paid_status=PaidStatus.COMPLETE if free else PaidStatus.PENDING,
        paid_at=now() if free else None,
    )


def _insert_lines(invoice: Invoice, priced: PricedInvoice) -> list[InvoiceLine]:
    rows = [
        InvoiceLine(tenant_id=invoice.tenant_id, invoice=invoice, currency=invoice.currency, **asdict(line))
        for line in priced.lines
    ]
    for row in rows:
        insert_later(row)
    know(selectors.lines_key(invoice.pk), rows)
    return rows


def _insert_history(invoice: Invoice, acteur: Acteur) -> None:
    history = InvoiceHistory(
        tenant_id=invoice.tenant_id,
        invoice=invoice,
        action=HistoryAction.ISSUED,
        new_status=invoice.status,
        new_stage=invoice.paid_status,
        amount=invoice.total_ttc,
        reference=invoice.invoice_number,
        acteur_id=acteur.id,
        acteur_kind=acteur.kind,
        acteur_label=acteur.label,
    )
    insert_later(history)
