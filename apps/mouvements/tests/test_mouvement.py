from decimal import Decimal

import pytest

from apps.facturation.tests.factories import line, make_invoice
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.selectors import ecarts_de_solde, mouvements_du_tiers, solde
from apps.organisations.tests.factories import make_tiers

pytestmark = pytest.mark.database


def test_smoke(tenant):
    tiers = make_tiers(tenant)
    make_invoice(tenant, line(5000), line(500, category="AUTRE"), tiers=tiers)
    make_invoice(tenant, line(5000), line(500, category="AUTRE"), tiers=tiers)
    make_invoice(tenant, line(0), tiers=tiers)
    assert MouvementFinancier.objects.count() == 2
    assert solde(tiers.pk, "XAF") == Decimal(11000)
    assert [m.solde_apres for m in mouvements_du_tiers(tiers.pk)] == [5500, 11000]
    assert list(ecarts_de_solde()) == []
