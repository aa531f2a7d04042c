"""Amounts in French words, as a receipt writes them: « trente-huit mille sept cents francs CFA ».

The forms are those of Cameroon and France (soixante-dix, quatre-vingts), with the traditional
spelling: hyphens below one hundred only, « et » before un and onze up to soixante et onze, « vingt »
and « cent » in the plural when they end the number or stand before « million » and « milliard »
(nouns), never before « mille » (invariable). Source: Grevisse, Le bon usage, numéraux cardinaux.
"""

from __future__ import annotations

from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_name

from apps.socle.money import decimals, is_exact

MAXIMUM = 999_999_999_999
UNITES = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
]
DIZAINES = {
    2: "vingt",
    3: "trente",
    4: "quarante",
    5: "cinquante",
    6: "soixante",
    7: "soixante",
    8: "quatre-vingt",
    9: "quatre-vingt",
}
VOYELLES = "aeiouyéèêàâîôûh"
# The unit and its hundredth, singular and plural; Babel's names carry a parenthesis for these ("francs CFA (BEAC)").
DEVISES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "XAF": (("franc CFA", "francs CFA"), ("centime", "centimes")),
    "XOF": (("franc CFA", "francs CFA"), ("centime", "centimes")),
    "EUR": (("euro", "euros"), ("centime", "centimes")),
}


def nombre_en_lettres(nombre: int) -> str:
    """Return `nombre`, from 0 to 999 999 999 999, in words. Raises ValueError outside of that."""
    if not 0 <= nombre <= MAXIMUM:
        raise ValueError(f"{nombre} is not between 0 and {MAXIMUM}")
    if nombre < 100:
        return _sous_cent(nombre, pluriel=True)
    mots: list[str] = []
    for valeur, nom in ((10**9, "milliard"), (10**6, "million")):
        tranche, nombre = divmod(nombre, valeur)
        if tranche:
            mots.append(f"{_sous_mille(tranche, pluriel=True)} {nom}{'s' if tranche > 1 else ''}")
    milliers, reste = divmod(nombre, 1000)
    if milliers:
        mots.append("mille" if milliers == 1 else f"{_sous_mille(milliers, pluriel=False)} mille")
    if reste:
        mots.append(_sous_mille(reste, pluriel=True))
    return " ".join(mots)


def _sous_mille(nombre: int, *, pluriel: bool) -> str:
    centaines, reste = divmod(nombre, 100)
    mots = []
    if centaines == 1:
        mots.append("cent")
    elif centaines:
        mots.append(f"{UNITES[centaines]} cent{'s' if pluriel and not reste else ''}")
    if reste:
        mots.append(_sous_cent(reste, pluriel=pluriel))
    return " ".join(mots)


def _sous_cent(nombre: int, *, pluriel: bool) -> str:
    if nombre < 20:
        return UNITES[nombre]
    dizaine, unite = divmod(nombre, 10)
    if dizaine in {7, 9}:
        unite += 10
    base = DIZAINES[dizaine]
    if nombre == 80:
        return "quatre-vingts" if pluriel else base
    if unite == 0:
        return base
    if unite in {1, 11} and dizaine < 8:
        return f"{base} et {UNITES[unite]}"
    return f"{base}-{UNITES[unite]}"


def montant_en_lettres(montant: Decimal, devise: str) -> str:
    """Return `montant` of `devise` (ISO 4217) in words with its unit: « deux millions de francs CFA ».

    Raises ValueError when the amount is negative, above 999 999 999 999 or finer than its currency.
    """
    if not is_exact(montant, devise):
        raise ValueError(f"{montant} is finer than {devise} allows")
    entier, fraction = divmod(montant, 1)
    unite, sous_unite = _noms(devise)
    mots = nombre_en_lettres(int(entier))
    phrase = f"{mots}{_liaison(mots, unite[entier >= 2])}{unite[entier >= 2]}"
    if fraction:
        centimes = int(fraction.scaleb(decimals(devise)))
        phrase += f" et {nombre_en_lettres(centimes)} {sous_unite[centimes >= 2]}"
    return phrase


def _noms(devise: str) -> tuple[tuple[str, str], tuple[str, str]]:
    if devise in DEVISES:
        return DEVISES[devise]
    locale = Locale("fr")
    unite = (get_currency_name(devise, 1, locale=locale), get_currency_name(devise, 2, locale=locale))
    return unite, ("subdivision", "subdivisions")


def _liaison(mots: str, unite: str) -> str:
    """« millions » and « milliards » are nouns: « deux millions de francs », « un million d’euros »."""
    if not mots.endswith(("million", "millions", "milliard", "milliards")):
        return " "
    return " d’" if unite[0].lower() in VOYELLES else " de "
