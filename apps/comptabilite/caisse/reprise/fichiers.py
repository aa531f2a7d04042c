"""A file of the paper till, from bytes to rows of text; what is no such file is refused whole, in French.

`;` between cells, UTF-8 with or without a mark, any line ending, one row a line. A row stands on its
own line: a quotation mark left open spoils that row and no other. Pure: no database.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import contient_numero_de_carte
from apps.comptabilite.caisse.choices import FichierPapier, MoyenPaiement
from apps.socle.errors import BusinessError
from apps.socle.redaction import CARD_NUMBER, HIDDEN

TAILLE_MAXIMUM = 20 * 2**20
LIGNES_MAXIMUM = 200_000
CARACTERES_MAXIMUM = 20_000
"""Of one row: a real one has 150."""
SEPARATEUR = ";"
COLONNES = {
    FichierPapier.RECETTES: (
        "recu_papier", "date_heure", "caisse", "caissier", "patient_numero", "patient_nom", "patient_prenom",
        "patient_telephone", "type_recette", "code_acte", "libelle", "quantite", "prix_unitaire", "montant",
    ),
    FichierPapier.ENCAISSEMENTS: (
        "recu_papier", "date_heure", "caisse", "caissier", "mode_paiement", "montant", "reference", "detail", "payeur",
    ),
}  # fmt: skip
_FIN_DE_LIGNE = re.compile(r"\r\n|\n|\r")
_TREIZE_CHIFFRES = re.compile(r"\d(?:[^\d;]{0,2}\d){12}")
"""What a cell must hold before anybody asks whether it is a card number: most rows are never asked."""
_JAMAIS_CARTE = frozenset({"recu_papier", "date_heure", "montant"})
_TEXTES_LIBRES = frozenset({"libelle", "patient_nom", "patient_prenom", "detail", "payeur", ""})
_MARQUES = ((b"PK\x03\x04", "Excel"), (b"\xd0\xcf\x11\xe0", "Excel"), (b"%PDF", "PDF"))
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class FichierRefuse(BusinessError):
    """A file that cannot be read at all; `fichier` is which of the two."""

    def __init__(self, fichier: str, message: str, code: str) -> None:
        super().__init__(message, code=code, field=str(fichier).lower())
        self.fichier = fichier


@dataclass(frozen=True)
class Rangee:
    """One row: its line (the header is line 1) and its cells by column, card numbers hidden; `defaut` when it has no such cells.

    A row that cannot be cut into its columns has those that stand before the fault, and says the
    column and the sentence of it.
    """

    ligne: int
    cellules: dict[str, str]
    colonne_fautive: str = ""
    defaut: str = ""


@dataclass(frozen=True)
class Papier:
    """A file that can be read: which one, its rows, its fingerprint (SHA-256 of the bytes as they came)."""

    fichier: FichierPapier
    rangees: tuple[Rangee, ...]
    empreinte: str


def empreinte(contenu: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(contenu).hexdigest()


def lire_papier(fichier: FichierPapier, contenu: bytes) -> Papier:
    """Return the rows of `contenu`. Raises FichierRefuse, naming what is wrong and where."""
    lignes = _FIN_DE_LIGNE.split(_texte(fichier, contenu))
    entete = next((rang for rang, ligne in enumerate(lignes) if ligne.strip()), None)
    if entete is None:
        raise _refus(fichier, _("Le fichier des %s est vide."), "file-empty")
    colonnes = _entete(fichier, lignes[entete])
    if len(lignes) - entete > LIGNES_MAXIMUM + 1:
        message = _("Le fichier des %(nom)s a plus de %(n)d lignes : partagez-le, par exemple par mois.")
        raise _refus(fichier, message, "file-too-long", n=LIGNES_MAXIMUM)
    rangees = tuple(
        _rangee(rang + 1, _masquee(ligne, colonnes), colonnes)
        for rang, ligne in enumerate(lignes[entete + 1 :], entete + 1)
        if ligne.strip(" \t;")
    )
    return Papier(fichier, rangees, empreinte(contenu))


def sans_numeros_de_carte(fichier: FichierPapier, contenu: bytes) -> bytes:
    """Return a readable file with every full card number gone: what is kept until the takeover ends holds none.

    A cell that held one says so instead, and is refused for it. Raises FichierRefuse as `lire_papier`.
    """
    lignes = _FIN_DE_LIGNE.split(_texte(fichier, contenu))
    entete = next(rang for rang, ligne in enumerate(lignes) if ligne.strip())
    colonnes = _entete(fichier, lignes[entete])
    return "\n".join([*lignes[: entete + 1], *(_masquee(ligne, colonnes) for ligne in lignes[entete + 1 :])]).encode()


def _masquee(ligne: str, colonnes: tuple[str, ...]) -> str:
    """Return the row without its card numbers; most rows have none and come back as they are."""
    if not _TREIZE_CHIFFRES.search(ligne):
        return ligne
    try:
        cellules = next(csv.reader([ligne[:CARACTERES_MAXIMUM]], delimiter=SEPARATEUR, strict=True))
    except csv.Error:
        return CARD_NUMBER.sub(HIDDEN, ligne)
    par_carte = MoyenPaiement.CARTE in [cellule.strip().upper() for cellule in cellules]
    mobile = MoyenPaiement.MOBILE in [cellule.strip().upper() for cellule in cellules]
    noms = [*colonnes, *[""] * len(cellules)]
    masquees = [
        HIDDEN if _est_une_carte(cellule, nom, par_carte, mobile) else cellule
        for nom, cellule in zip(noms, cellules, strict=False)
    ]
    if masquees == cellules:
        return ligne
    ecrite = io.StringIO()
    csv.writer(ecrite, delimiter=SEPARATEUR, lineterminator="").writerow(masquees)
    return ecrite.getvalue()


def _est_une_carte(cellule: str, colonne: str, par_carte: bool, mobile: bool) -> bool:
    """Tell whether a cell holds a card number: anything like one beside a card payment, a mistyped one in a free text."""
    if par_carte and colonne not in _JAMAIS_CARTE:
        return bool(CARD_NUMBER.search(cellule)) or contient_numero_de_carte(cellule)
    libre = colonne in _TEXTES_LIBRES and not (mobile and colonne == "payeur")
    return contient_numero_de_carte(cellule, cle_juste=not libre)


def _refus(fichier: FichierPapier, message: str, code: str, **dit: object) -> FichierRefuse:
    nom = str(fichier.label).lower()
    return FichierRefuse(fichier, message % ({"nom": nom, **dit} if "%(" in message else nom), code)


def _texte(fichier: FichierPapier, contenu: bytes) -> str:
    if len(contenu) > TAILLE_MAXIMUM:
        message = _("Le fichier des %(nom)s dépasse %(n)d Mo : partagez-le, par exemple par mois.")
        raise _refus(fichier, message, "file-too-large", n=TAILLE_MAXIMUM // 2**20)
    for debut, sorte in _MARQUES:
        if contenu.startswith(debut):
            message = _("Le fichier des %(nom)s est un document %(sorte)s : enregistrez-le en CSV (séparateur « ; »).")
            raise _refus(fichier, message, "file-not-csv", sorte=sorte)
    if contenu.startswith(_UTF16):
        raise _refus(fichier, _("Le fichier des %s est en UTF-16 : enregistrez-le en UTF-8."), "file-encoding")
    if b"\0" in contenu:
        ligne = contenu[: contenu.index(b"\0")].count(b"\n") + 1
        message = _("Le fichier des %(nom)s n’est pas un texte : un octet nul à la ligne %(ligne)d.")
        raise _refus(fichier, message, "file-null-byte", ligne=ligne)
    try:
        return contenu.decode("utf-8-sig")
    except UnicodeDecodeError as erreur:
        ligne = contenu[: erreur.start].count(b"\n") + 1
        message = _("Le fichier des %(nom)s n’est pas en UTF-8 : un caractère illisible à la ligne %(ligne)d.")
        raise _refus(fichier, message, "file-encoding", ligne=ligne) from None


def _entete(fichier: FichierPapier, ligne: str) -> tuple[str, ...]:
    """Return the columns as the header orders them. Raises FichierRefuse for any other set of names."""
    lues = tuple(cellule.strip().lower() for cellule in next(csv.reader([ligne[:CARACTERES_MAXIMUM]], delimiter=";")))
    attendues = COLONNES[fichier]
    if set(lues) == set(attendues) and len(lues) == len(attendues):
        return lues
    autre = next(sorte for sorte in COLONNES if sorte != fichier)
    if set(lues) == set(COLONNES[autre]):
        raise _refus(fichier, _("Ce ne sont pas les %s : les deux fichiers sont inversés."), "files-swapped")
    if len(lues) == 1:
        message = _("Le fichier des %s n’est pas un CSV à colonnes séparées par « ; ».")
        raise _refus(fichier, message, "file-not-csv")
    raise _refus(fichier, _phrase_des_colonnes(lues, attendues), "columns-wrong")


def _phrase_des_colonnes(lues: tuple[str, ...], attendues: tuple[str, ...]) -> str:
    absentes = [nom for nom in attendues if nom not in lues]
    inconnues = [HIDDEN if CARD_NUMBER.search(nom) else nom[:30] for nom in lues if nom not in attendues][:10]
    doubles = sorted({nom for nom in lues if lues.count(nom) > 1 and nom in attendues})
    fautes = []
    if absentes:
        fautes.append(_("colonnes absentes : %s") % ", ".join(absentes))
    if inconnues:
        fautes.append(_("colonnes inconnues : %s") % ", ".join(nom or _("(sans nom)") for nom in inconnues))
    if doubles:
        fautes.append(_("colonnes en double : %s") % ", ".join(doubles))
    return _("Le fichier des %s n’a pas les bonnes colonnes") + " (" + " ; ".join(fautes).replace("%", "%%") + ")."


def _rangee(numero: int, ligne: str, colonnes: tuple[str, ...]) -> Rangee:
    if len(ligne) > CARACTERES_MAXIMUM:
        debut = dict(zip(colonnes, ligne[:500].split(SEPARATEUR)[:-1], strict=False))
        return Rangee(numero, debut, defaut=_("La ligne est trop longue : %d caractères.") % len(ligne))
    try:
        cellules = next(csv.reader([ligne], delimiter=SEPARATEUR, strict=True))
    except csv.Error:
        return Rangee(numero, {}, defaut=_("Un guillemet n’est pas fermé, ou mal placé, sur cette ligne."))
    lues = dict(zip(colonnes, cellules, strict=False))
    if len(cellules) < len(colonnes):
        manque = colonnes[len(cellules)]
        dit = {"n": len(cellules), "attendues": len(colonnes)}
        return Rangee(numero, lues, manque, _("La ligne s’arrête ici : %(n)d colonnes sur %(attendues)d.") % dit)
    if len(cellules) > len(colonnes):
        dit = {"n": len(cellules), "attendues": len(colonnes)}
        return Rangee(numero, lues, defaut=_("La ligne a %(n)d colonnes au lieu de %(attendues)d.") % dit)
    return Rangee(numero, lues)


def rangees_par_recu(rangees: tuple[Rangee, ...]) -> Iterator[tuple[str, list[Rangee]]]:
    """Yield neighbouring rows of the same receipt together, in the order of the file."""
    bloc: list[Rangee] = []
    for rangee in rangees:
        if bloc and rangee.cellules.get("recu_papier", "").strip() != bloc[0].cellules.get("recu_papier", "").strip():
            yield bloc[0].cellules.get("recu_papier", "").strip(), bloc
            bloc = []
        bloc.append(rangee)
    if bloc:
        yield bloc[0].cellules.get("recu_papier", "").strip(), bloc
