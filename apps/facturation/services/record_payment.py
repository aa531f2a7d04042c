"""Record that an invoice was paid, whole or in part."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.facturation.choices import HistoryAction, PaidStatus
from apps.facturation.locks import lock_invoice
from apps.facturation.models import Invoice, InvoiceHistory
from apps.facturation.transitions import INVOICE
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.money import format_amount, is_exact, plain
from apps.socle.unit_of_work import insert_later, update_later


@command
def record_payment(*, invoice_id: uuid.UUID, amount: Decimal, acteur: Acteur, reference: str) -> Invoice:
    """Add `amount`, in the invoice's currency, to what is paid; `reference` names the receipt.

    It publishes nothing: the receipt is the document that moves money. Raises BusinessError for an
    amount of zero or less, one that the currency cannot pay or one above what remains due, and for
    an invoice that is not this tenant's.
    """
    invoice = lock_invoice(invoice_id)
    _check(invoice, amount)
    history = InvoiceHistory(
        tenant_id=invoice.tenant_id,
        invoice=invoice,
        action=HistoryAction.PAYMENT,
        previous_status=invoice.status,
        previous_stage=invoice.paid_status,
        amount=amount,
        reference=reference,
        acteur_id=acteur.id,
        acteur_kind=acteur.kind,
        acteur_label=acteur.label,
    )
    old = {"amount_paid": plain(invoice.amount_paid), "paid_status": invoice.paid_status}
    _add(invoice, amount, acteur)
    history.new_status, history.new_stage = invoice.status, invoice.paid_status
    insert_later(history)
    new = {"amount_paid": plain(invoice.amount_paid), "paid_status": invoice.paid_status, "reference": reference}
    record("invoice_payment_recorded", invoice, acteur, old=old, new=new)
    return invoice


def _check(invoice: Invoice, amount: Decimal) -> None:
    if not is_exact(amount, invoice.currency) or amount <= 0:
        message = _("Le montant payé doit être supérieur à zéro et exact dans sa devise.")
        raise BusinessError(message, code="payment-amount-invalid", field="montant")
    if amount > invoice.balance_due:
        message = _("Il reste %(due)s à payer sur %(number)s : %(amount)s dépasse ce reste.") % {
            "due": format_amount(invoice.balance_due, invoice.currency),
            "number": invoice.invoice_number,
            "amount": format_amount(amount, invoice.currency),
        }
        raise BusinessError(message, code="payment-exceeds-invoice", field="montant")


def _add(invoice: Invoice, amount: Decimal, acteur: Acteur) -> None:
    moment = now()
    invoice.amount_paid += amount
    invoice.paid_status = PaidStatus.PARTIAL
    invoice.updated_at = moment
    if not invoice.balance_due:
        invoice.status = INVOICE.check("settle", invoice, acteur).target
        invoice.paid_status, invoice.paid_at = PaidStatus.COMPLETE, moment
    update_later(invoice, "amount_paid", "status", "paid_status", "paid_at", "updated_at")
