"""Phone numbers as people write them: any spacing, with or without the country's code. Pure."""

from __future__ import annotations

import re

# ITU-T E.164 country codes and the length of a national number, for the countries we serve and their neighbours.
DIALLING_CODES: dict[str, tuple[str, int]] = {
    "BF": ("226", 8), "BI": ("257", 8), "BJ": ("229", 10), "CD": ("243", 9), "CF": ("236", 8), "CG": ("242", 9),
    "CI": ("225", 10), "CM": ("237", 9), "FR": ("33", 9), "GA": ("241", 8), "GN": ("224", 9), "GQ": ("240", 9),
    "GW": ("245", 9), "KM": ("269", 7), "MA": ("212", 9), "MG": ("261", 9), "ML": ("223", 8), "NE": ("227", 8),
    "NG": ("234", 10), "RW": ("250", 9), "SN": ("221", 9), "TD": ("235", 8), "TG": ("228", 8), "TN": ("216", 8),
}  # fmt: skip
LAST_DIGITS = 8
"""The last digits that are compared where a code or a leading digit differs."""

_SHAPE = re.compile(r"\+?[0-9\s().\-/]*")
_DIGIT = re.compile(r"[0-9]")


def is_phone(text: str) -> bool:
    """Tell whether `text` is written as a phone number: 6 to 15 digits (E.164), spaces, dots, hyphens, a plus."""
    return bool(_SHAPE.fullmatch(text.strip())) and 6 <= len(_DIGIT.findall(text)) <= 15


def national_digits(text: str, country: str) -> str:
    """Return the digits as dialled at home: `+237 6 99 93 84 75` and `00237699938475` give `699938475`.

    A number of another country keeps its code. Where the code of `country` is unknown to us the digits
    are returned as they are, without an international prefix.
    """
    bare = text.strip()
    digits = re.sub(r"[^0-9]", "", bare)
    international = bare.startswith("+") or digits.startswith("00")
    if digits.startswith("00"):
        digits = digits[2:]
    code, length = DIALLING_CODES.get(country, ("", 0))
    if code and digits.startswith(code) and (international or len(digits) == len(code) + length):
        return digits[len(code) :]
    return digits


def write_phone(text: str, country: str) -> str:
    """Return a number as it is read aloud, `6 99 93 84 75`; as it was written where it is not of `country`."""
    digits = national_digits(text, country)
    if len(digits) != DIALLING_CODES.get(country, ("", 0))[1]:
        return text
    first = len(digits) % 2
    groups = [digits[:first], *(digits[i : i + 2] for i in range(first, len(digits), 2))]
    return "\u00a0".join(filter(None, groups))
