"""What is believed at once at the till. Beyond, a person is asked twice; what nobody can mean is refused elsewhere."""

from __future__ import annotations

from decimal import Decimal

from apps.socle.money import quantum

QUANTITE_COURANTE = Decimal(1000)
"""Of one act or product on one invoice."""
FONDS_COURANT = Decimal(1_000_000)
"""In francs; a hundredth of it in a currency that has cents, as for the notes."""


def quantite_inhabituelle(quantite: Decimal) -> bool:
    """Tell whether `quantite` is more than is sold at once."""
    return quantite > QUANTITE_COURANTE


def fonds_inhabituel(fonds: Decimal, devise: str) -> bool:
    """Tell whether `fonds`, in `devise`, is much for the first float of a till; later ones are held to the last count."""
    return fonds > (FONDS_COURANT if quantum(devise) == 1 else FONDS_COURANT / 100)
