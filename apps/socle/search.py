"""One key for searching and sorting names, computed in Python and stored.

The embedded PostgreSQL has no ICU and `unaccent` cannot be indexed: « Élodie » and « elodie »
meet here, and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile("['\u2019\u2018\u02bc`]")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ɓ": "b", "ɗ": "d", "ŋ": "n", "ɛ": "e", "ɔ": "o"}
)


def search_key(text: str) -> str:
    """Return `text` without case, accents, apostrophes or punctuation, single-spaced.

    `M'Barga Élodie-Zoé` gives `mbarga elodie zoe`.
    """
    folded = _APOSTROPHES.sub("", text.casefold()).translate(_LIGATURES)
    letters = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", letters).strip()
