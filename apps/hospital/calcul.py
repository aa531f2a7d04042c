"""What a line may ask: quantities above zero, prices that the currency can pay. Reads and writes nothing."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from apps.hospital.choices import StatutPrestation
from apps.hospital.models import Prestation
from apps.socle.errors import BusinessError, Conflict
from apps.socle.money import is_exact

TROP_GRAND = Decimal(10) ** 15
"""Amounts are numeric(20,4): below this, no total of a line overflows."""
QUANTITE_MAXIMALE = Decimal(10) ** 9
"""A quantity is numeric(12,3)."""


def verifier_ligne(quantite: Decimal, prix: Decimal, devise: str) -> None:
    """Raise BusinessError unless `quantite` at the unit `prix`, in `devise`, can be."""
    if not quantite.is_finite() or quantite <= 0 or quantite != quantite.quantize(Decimal("0.001")):
        raise BusinessError(
            _("La quantité est supérieure à zéro, avec trois décimales au plus."),
            code="quantity-invalid",
            field="quantite",
        )
    if not is_exact(prix, devise) or prix < 0:
        raise BusinessError(
            _("Ce prix ne peut pas être payé dans cette devise."), code="price-invalid", field="montant_unitaire"
        )
    if quantite >= QUANTITE_MAXIMALE:
        raise BusinessError(_("Cette quantité est trop grande."), code="quantity-invalid", field="quantite")
    if quantite * prix >= TROP_GRAND:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large", field="montant_unitaire")


def exiger_en_attente(prestation: Prestation) -> None:
    """Raise Conflict unless `prestation` may still be corrected or taken back."""
    if prestation.statut != StatutPrestation.PENDING:
        raise Conflict(_("Cette prestation n’est plus modifiable."), code="care-not-pending")
