"""A fact that waits for a rule."""

from __future__ import annotations

from decimal import Decimal

from apps.comptabilite.grand_livre.choices import Motif
from apps.comptabilite.grand_livre.models import ImputationEnAttente
from apps.organisations.models import Tenant
from apps.socle.models import Fait


def make_specimens(tenant: Tenant) -> None:
    fait = Fait.objects.order_by("id").first()
    assert fait is not None, "the till's specimens publish facts"
    ImputationEnAttente.objects.create(
        fait=fait, date_fait=fait.date, motif=Motif.SANS_REGLE, manques=[], devise="XAF", montant=Decimal(500)
    )
