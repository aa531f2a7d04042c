"""The words by which a patient is found, as stored and as asked. Pure.

Stored: each word of the names (with and without what an apostrophe or a hyphen joins), the phone's
digits as dialled at home, its last eight, the number as one word and its integer (or its parts). Asked: a word
matches every stored word that begins with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.socle.phones import LAST_DIGITS, national_digits
from apps.socle.search import search_key

LONGUEUR_MAXIMUM = 200
RANG_MAXIMUM = 15
"""Digits of the longest number: a rank fits a bigint."""

NOTRE_NUMERO = re.compile(r"PAT[\s.\-–]*0*([0-9]{1,15})", re.IGNORECASE)
_LIENS = re.compile("['’‘ʼ`\\-‐‑]")
_DIGITS = re.compile(r"\+?[0-9\s().\-/]*[0-9][0-9\s().\-/]*")


def rang_de(numero: str) -> int | None:
    """Return the integer of a number of our own form, `PAT-00412` → 412; None for any other."""
    trouve = NOTRE_NUMERO.fullmatch(numero.strip())
    return int(trouve[1]) if trouve else None


def ecrire_numero(rang: int) -> str:
    """Return `PAT-00412`."""
    return f"PAT-{rang:05d}"


def mots_du_nom(texte: str) -> set[str]:
    """Return the words of a name: `M’Barga Anne-Marie` gives mbarga, m, barga, annemarie, anne, marie."""
    mots: set[str] = set()
    for mot in texte.split():
        mots.update(search_key(mot).split())
        mots.update(search_key(_LIENS.sub(" ", mot)).split())
        mots.add(search_key(_LIENS.sub("", mot)).replace(" ", ""))
    return mots - {""}


def mots_du_patient(*, numero: str, nom: str, prenom: str, telephone: str, pays: str) -> set[str]:
    """Return every stored word of a patient; `pays` (ISO 3166) says whose calling code is left out."""
    mots = mots_du_nom(nom) | mots_du_nom(prenom)
    cle = search_key(numero)
    rang = rang_de(numero)
    mots |= {cle.replace(" ", ""), *(cle.split() if rang is None else [str(rang)])}
    chiffres = national_digits(telephone, pays)
    if chiffres:
        mots |= {chiffres, chiffres[-LAST_DIGITS:]}
    return mots - {""}


@dataclass(frozen=True)
class Demande:
    """What was asked: a stored word must begin with each of `mots`, or be one of `exacts`.

    `rang` is the integer of the number that may be meant. Nothing at all: it asks for nothing.
    """

    mots: tuple[str, ...] = ()
    exacts: tuple[str, ...] = ()
    rang: int | None = None

    @property
    def vide(self) -> bool:
        return not self.mots and self.rang is None


def lire_demande(q: str, pays: str) -> Demande:
    """Read what a cashier typed: beginnings of names in any order, a number or a phone."""
    texte = q.strip()[:LONGUEUR_MAXIMUM]
    rang = rang_de(texte)
    if rang is not None:
        return Demande(rang=rang)
    if _DIGITS.fullmatch(texte):
        return _demande_en_chiffres(texte, pays)
    mots = _mots_demandes(texte, pays)
    return Demande(mots=mots, exacts=(search_key(texte).replace(" ", ""),) if len(mots) > 1 else ())


def _mots_demandes(texte: str, pays: str) -> tuple[str, ...]:
    """Return the words asked; digits that follow one another are one phone number."""
    mots: list[str] = []
    for mot in search_key(texte).split():
        if mots and _en_chiffres(mot) and _en_chiffres(mots[-1]):
            mots[-1] += mot
        else:
            mots.append(mot)
    return tuple(dict.fromkeys(national_digits(mot, pays) or mot if _en_chiffres(mot) else mot for mot in mots))


def _en_chiffres(mot: str) -> bool:
    return mot.isascii() and mot.isdigit()


def _demande_en_chiffres(texte: str, pays: str) -> Demande:
    brut = re.sub(r"[^0-9]", "", texte)
    chiffres = national_digits(texte, pays) or brut
    rang = int(brut) if len(brut) <= RANG_MAXIMUM and not texte.startswith("+") else None
    exacts = {chiffres[-LAST_DIGITS:]} if len(chiffres) >= LAST_DIGITS else set()
    if rang is not None:
        exacts.add(str(rang))
    return Demande(mots=(chiffres,), exacts=tuple(sorted(exacts)), rang=rang)
