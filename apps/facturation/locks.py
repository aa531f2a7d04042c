"""The row locks of this app, taken after the tenant's."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from apps.facturation.models import Invoice
from apps.socle.errors import BusinessError
from apps.socle.unit_of_work import held, hold


def lock_invoice(invoice_id: uuid.UUID) -> Invoice:
    """Return the invoice, locked until the transaction ends. Raises BusinessError when it is not this tenant's."""
    invoice = held(Invoice, invoice_id) or Invoice.objects.select_for_update(of=("self",)).filter(pk=invoice_id).first()
    if invoice is None:
        raise BusinessError(_("Cette facture n’existe pas."), code="invoice-unknown")
    return hold(invoice)
