from decimal import Decimal

import pytest

from apps.facturation.services.record_payment import record_payment
from apps.facturation.tests.factories import line, make_invoice
from apps.socle.actors import SYSTEM

pytestmark = pytest.mark.database


def test_smoke(tenant):
    invoice = make_invoice(tenant, line(5000), line(500, category="AUTRE"))
    assert invoice.invoice_number == "FAC-2026-00001"
    assert invoice.total_ttc == 5500
    assert invoice.total_tax == 81
    record_payment(invoice_id=invoice.pk, amount=Decimal(500), acteur=SYSTEM, reference="QUIT-2026-00001")
    record_payment(invoice_id=invoice.pk, amount=Decimal(5000), acteur=SYSTEM, reference="QUIT-2026-00002")
    invoice.refresh_from_db()
    assert invoice.status == "paid"
