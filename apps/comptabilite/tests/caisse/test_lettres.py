"""Amounts in words, against cases taken from grammars and against a reader that knows nothing of the writer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.comptabilite.caisse.documents.lettres import MAXIMUM, montant_en_lettres, nombre_en_lettres

CAS = {
    0: "zéro",
    1: "un",
    16: "seize",
    17: "dix-sept",
    21: "vingt et un",
    22: "vingt-deux",
    61: "soixante et un",
    70: "soixante-dix",
    71: "soixante et onze",
    72: "soixante-douze",
    77: "soixante-dix-sept",
    80: "quatre-vingts",
    81: "quatre-vingt-un",
    90: "quatre-vingt-dix",
    91: "quatre-vingt-onze",
    99: "quatre-vingt-dix-neuf",
    100: "cent",
    101: "cent un",
    180: "cent quatre-vingts",
    200: "deux cents",
    201: "deux cent un",
    1000: "mille",
    1001: "mille un",
    1100: "mille cent",
    2000: "deux mille",
    21000: "vingt et un mille",
    80000: "quatre-vingt mille",
    80080: "quatre-vingt mille quatre-vingts",
    200000: "deux cent mille",
    38700: "trente-huit mille sept cents",
    1_000_000: "un million",
    1_000_080: "un million quatre-vingts",
    80_000_000: "quatre-vingts millions",
    200_000_000: "deux cents millions",
    280_000_000: "deux cent quatre-vingts millions",
    1_001_000_000: "un milliard un million",
    999_999_999_999: (
        "neuf cent quatre-vingt-dix-neuf milliards neuf cent quatre-vingt-dix-neuf millions"
        " neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf"
    ),
}
VALEURS = {
    "zéro": 0, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20, "vingts": 20, "trente": 30,
    "quarante": 40, "cinquante": 50, "soixante": 60,
}  # fmt: skip
MULTIPLES = {"mille": 1000, "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9}


def lire(mots: str) -> int:
    """Read a number in words: an adder that multiplies at « quatre-vingt », « cent », « mille », « million »."""
    total = tranche = 0
    precedent = ""
    for mot in mots.replace("-", " ").split():
        if mot == "et":
            continue
        if mot in MULTIPLES:
            total += max(tranche, 1) * MULTIPLES[mot]
            tranche = 0
        elif mot in {"cent", "cents"}:
            tranche = max(tranche, 1) * 100
        elif mot in {"vingt", "vingts"} and precedent == "quatre":
            tranche += 76
        else:
            tranche += VALEURS[mot]
        precedent = mot
    return total + tranche


@pytest.mark.parametrize(("nombre", "mots"), CAS.items())
def test_cases_of_the_grammar(nombre: int, mots: str) -> None:
    assert nombre_en_lettres(nombre) == mots
    assert lire(mots) == nombre


@given(st.integers(0, MAXIMUM))
@example(999_999)
@example(80_000_080)
def test_a_stranger_reads_back_the_number(nombre: int) -> None:
    assert lire(nombre_en_lettres(nombre)) == nombre


def test_every_number_below_ten_thousand_is_read_back_and_unique() -> None:
    ecrits = [nombre_en_lettres(nombre) for nombre in range(10_000)]
    assert [lire(mots) for mots in ecrits] == list(range(10_000))
    assert len(set(ecrits)) == 10_000


@given(st.integers(0, MAXIMUM))
def test_agreements(nombre: int) -> None:
    mots = nombre_en_lettres(nombre).split()
    for mot, suivant in zip(mots, [*mots[1:], ""], strict=True):
        fin = suivant in {"", "million", "millions", "milliard", "milliards"}
        assert (mot == "cents") <= fin, "« cents » takes its s only at the end or before a noun"
        assert mot.endswith("vingts") <= fin, "« quatre-vingts » likewise"
        assert mot not in {"milles", "septante", "huitante", "nonante"}
    assert mots[:2] != ["un", "mille"]


@pytest.mark.parametrize("nombre", [-1, MAXIMUM + 1])
def test_out_of_range_is_refused(nombre: int) -> None:
    with pytest.raises(ValueError, match="is not between"):
        nombre_en_lettres(nombre)


@pytest.mark.parametrize(
    ("montant", "devise", "phrase"),
    [
        ("0", "XAF", "zéro franc CFA"),
        ("1", "XAF", "un franc CFA"),
        ("38700", "XAF", "trente-huit mille sept cents francs CFA"),
        ("1000000", "XAF", "un million de francs CFA"),
        ("2000000", "XOF", "deux millions de francs CFA"),
        ("2000001", "XAF", "deux millions un francs CFA"),
        ("3000000000", "XAF", "trois milliards de francs CFA"),
        ("1.50", "EUR", "un euro et cinquante centimes"),
        ("2.01", "EUR", "deux euros et un centime"),
        ("1000000", "EUR", "un million d’euros"),
    ],
)
def test_amounts_with_their_unit(montant: str, devise: str, phrase: str) -> None:
    assert montant_en_lettres(Decimal(montant), devise) == phrase


@pytest.mark.parametrize(("montant", "devise"), [("1.5", "XAF"), ("0.001", "EUR"), ("-1", "XAF")])
def test_an_amount_that_the_currency_cannot_say_is_refused(montant: str, devise: str) -> None:
    with pytest.raises(ValueError):
        montant_en_lettres(Decimal(montant), devise)
