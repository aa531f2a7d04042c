"""A full card number is refused wherever a text is typed at the till, and is never repeated in the refusal."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from apps.socle.errors import BusinessError
from apps.socle.redaction import SEPARATOR, luhn

# Issuer ranges and lengths (ISO/IEC 7812; networks' public tables). Operators' transaction numbers
# (MT20261001000010), transfers, phone numbers and bank account numbers fall outside of them.
RESEAUX = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12})"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners
    r"|(?:5[06-9]|6\d)\d{11,17}"  # Maestro, UnionPay, Discover
)
SUITE = re.compile(rf"\d+(?:{SEPARATOR}{{1,2}}\d+)*")
QUATRE_CHIFFRES = re.compile(r"(?:\*{4} ?)?([0-9]{4})")


def contient_numero_de_carte(texte: str, *, cle_juste: bool = True) -> bool:
    """Tell whether `texte` holds a plausible full card number, in a row or in groups, alone or beside other digits.

    Digits of other scripts (full width, Arabic) count as what they mean. Without `cle_juste` a number
    whose check digit is wrong counts too: somebody mistyped a card, it is a card all the same.
    """
    texte = "".join(str(unicodedata.decimal(signe, signe)) for signe in texte)
    return any(
        RESEAUX.fullmatch(candidat) and (not cle_juste or luhn(candidat))
        for suite in SUITE.finditer(texte)
        for candidat in _candidats(re.findall(r"\d+", suite.group()))
    )


def _candidats(groupes: list[str]) -> list[str]:
    """Return every run of neighbouring groups of 13 to 19 digits."""
    trouves = []
    for debut in range(len(groupes)):
        candidat = ""
        for groupe in groupes[debut:]:
            candidat += groupe
            if len(candidat) > 19:
                break
            if len(candidat) >= 13:
                trouves.append(candidat)
    return trouves


def refuser_numero_de_carte(**textes: str) -> None:
    """Raise BusinessError (card-number-refused) beside the first field whose text holds a full card number."""
    for champ, texte in textes.items():
        if contient_numero_de_carte(texte):
            raise refus_de_carte(champ)


def masquer(chiffres: str, champ: str) -> str:
    """Return `****1234` from the four last digits, given bare or masked; raise BusinessError for anything else."""
    lu = QUATRE_CHIFFRES.fullmatch(chiffres.strip())
    if lu is None:
        raise refus_de_carte(champ)
    return f"****{lu.group(1)}"


def refus_de_carte(champ: str) -> BusinessError:
    """Return the refusal to raise, or to say, beside `champ`; it does not repeat the number."""
    message = _("De la carte, donnez les quatre derniers chiffres seulement : le numéro entier ne se garde nulle part.")
    return BusinessError(message, code="card-number-refused", field=champ)
