"""One key for searching and sorting names, computed in Python and stored.

The embedded PostgreSQL has no ICU and `unaccent` cannot be indexed: « Élodie » and « elodie »
meet here, and nowhere else.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile("['\u2019\u2018\u02bc\u02bb\ua78c\u00b4\u2032`]")
_NOT_WORD = re.compile(r"[\W_]+")
# Letters that Unicode does not decompose, those of the alphabets of Cameroon first.
_LETTERS = str.maketrans(
    {
        "ɓ": "b", "ɗ": "d", "ŋ": "n", "ɛ": "e", "ɔ": "o", "ə": "e", "ǝ": "e", "ɨ": "i", "ʉ": "u", "ɑ": "a", "ɣ": "g", "ɲ": "n",
        "œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    }
)  # fmt: skip


def search_key(text: str) -> str:
    """Return `text` without case, accents, apostrophes or punctuation, single-spaced.

    `M'Barga Élodie-Zoé` gives `mbarga elodie zoe`. Letters of other scripts are kept as they are.
    """
    folded = _APOSTROPHES.sub("", _decomposed(_decomposed(text).casefold())).translate(_LETTERS)
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", letters).strip()


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text)
