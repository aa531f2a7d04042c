"""Phone numbers as people write them: any spacing, with or without the country's code. Pure."""

from __future__ import annotations

import re

# ITU-T E.164 country codes and the length of a national number, for the countries we serve and their neighbours.
INDICATIFS: dict[str, tuple[str, int]] = {
    "BF": ("226", 8), "BI": ("257", 8), "BJ": ("229", 10), "CD": ("243", 9), "CF": ("236", 8), "CG": ("242", 9),
    "CI": ("225", 10), "CM": ("237", 9), "FR": ("33", 9), "GA": ("241", 8), "GN": ("224", 9), "GQ": ("240", 9),
    "GW": ("245", 9), "KM": ("269", 7), "MA": ("212", 9), "MG": ("261", 9), "ML": ("223", 8), "NE": ("227", 8),
    "NG": ("234", 10), "RW": ("250", 9), "SN": ("221", 9), "TD": ("235", 8), "TG": ("228", 8), "TN": ("216", 8),
}  # fmt: skip
DERNIERS = 8
"""The last digits that are compared where a code or a leading digit differs."""

_FORME = re.compile(r"\+?[0-9\s().\-/]*")
_CHIFFRE = re.compile(r"[0-9]")


def est_telephone(texte: str) -> bool:
    """Tell whether `texte` is written as a phone number: 6 to 15 digits (E.164), spaces, dots, hyphens, a plus."""
    return bool(_FORME.fullmatch(texte.strip())) and 6 <= len(_CHIFFRE.findall(texte)) <= 15


def chiffres_nationaux(texte: str, pays: str) -> str:
    """Return the digits as dialled at home: `+237 6 99 93 84 75` and `00237699938475` give `699938475`.

    A number of another country keeps its code. Where the code of `pays` is unknown to us the digits
    are returned as they are, without an international prefix.
    """
    propre = texte.strip()
    chiffres = re.sub(r"[^0-9]", "", propre)
    international = propre.startswith("+") or chiffres.startswith("00")
    if chiffres.startswith("00"):
        chiffres = chiffres[2:]
    code, longueur = INDICATIFS.get(pays, ("", 0))
    if code and chiffres.startswith(code) and (international or len(chiffres) == len(code) + longueur):
        return chiffres[len(code) :]
    return chiffres


def ecrire_telephone(texte: str, pays: str) -> str:
    """Return a number as it is read aloud, `6 99 93 84 75`; as it was written where it is not of `pays`."""
    chiffres = chiffres_nationaux(texte, pays)
    if len(chiffres) != INDICATIFS.get(pays, ("", 0))[1]:
        return texte
    tete = len(chiffres) % 2
    groupes = [chiffres[:tete], *(chiffres[i : i + 2] for i in range(tete, len(chiffres), 2))]
    return "\u00a0".join(filter(None, groupes))
