"""What a line may ask: a code that is typed, quantities above zero, prices that the currency can pay. Writes nothing."""

from __future__ import annotations

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.hospital.choices import StatutPrestation
from apps.hospital.models import Prestation
from apps.hospital.models.tarif import CODE
from apps.socle.errors import BusinessError, Conflict
from apps.socle.money import LARGEST, finest, is_exact
from apps.socle.screens.amounts import write_amount
from apps.socle.words import clean_words

QUANTITE_MAXIMALE = Decimal(100_000)
"""Of one act or product: nobody gives more at once."""


def verifier_ligne(quantite: Decimal, prix: Decimal, devise: str) -> None:
    """Raise BusinessError unless `quantite` at the unit `prix`, in `devise`, can be."""
    if not quantite.is_finite() or quantite <= 0 or quantite != quantite.quantize(Decimal("0.001")):
        raise BusinessError(
            _("La quantité est supérieure à zéro, avec trois décimales au plus."),
            code="quantity-invalid",
            field="quantite",
        )
    if prix.is_finite() and prix < 0:
        raise BusinessError(_("Un prix ne peut pas être négatif."), code="price-invalid", field="montant_unitaire")
    if prix.is_finite() and prix > LARGEST:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large", field="montant_unitaire")
    if not is_exact(prix, devise):
        raise BusinessError(finest(devise), code="price-invalid", field="montant_unitaire")
    if quantite > QUANTITE_MAXIMALE:
        message = _("Cette quantité est trop grande : %s au plus.") % write_amount(QUANTITE_MAXIMALE)
        raise BusinessError(message, code="quantity-invalid", field="quantite")
    if quantite * prix > LARGEST:
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large", field="montant_unitaire")


def lire_code(texte: str) -> str:
    """Return the code of a tariff in capitals. Raises BusinessError for one that no keyboard of a till types."""
    code = clean_words(texte, "code").upper()
    if not code:
        raise BusinessError(_("Le code est obligatoire, 50 caractères au plus."), code="code-invalid", field="code")
    if not re.fullmatch(CODE, code):
        message = _("Un code s’écrit avec des lettres sans accent, des chiffres, et . / + - _ entre eux.")
        raise BusinessError(message, code="code-invalid", field="code")
    return code


def exiger_en_attente(prestation: Prestation) -> None:
    """Raise Conflict unless `prestation` may still be corrected or taken back."""
    if prestation.statut != StatutPrestation.PENDING:
        raise Conflict(_("Cette prestation n’est plus modifiable."), code="care-not-pending")
