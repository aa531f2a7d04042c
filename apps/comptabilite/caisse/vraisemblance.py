"""What is believed at once at the till. Beyond, a person is asked twice; what nobody can mean is refused elsewhere."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db.models import Max

from apps.comptabilite.caisse.models import SessionCaisse
from apps.socle.money import quantum

QUANTITE_COURANTE = Decimal(1000)
"""Of one act or product on one invoice."""
FONDS_COURANT = Decimal(1_000_000)
"""In francs; a hundredth of it in a currency that has cents, as for the notes."""
FOIS_LE_PLUS_GROS = 10


def quantite_inhabituelle(quantite: Decimal) -> bool:
    """Tell whether `quantite` is more than is sold at once."""
    return quantite > QUANTITE_COURANTE


def fonds_inhabituel(caisse_id: uuid.UUID, fonds: Decimal, devise: str) -> bool:
    """Tell whether a float of `fonds`, in `devise`, is unlike anything the till ever held, and large besides."""
    courant = FONDS_COURANT if quantum(devise) == 1 else FONDS_COURANT / 100
    tenus = SessionCaisse.objects.filter(caisse_id=caisse_id).aggregate(Max("fonds"), Max("compte"))
    plus_gros = max(filter(None, tenus.values()), default=Decimal(0))
    return fonds > max(courant, FOIS_LE_PLUS_GROS * plus_gros)
