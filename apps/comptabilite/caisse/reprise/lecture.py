"""Each row of the paper till read into what it means, or refused beside its column. Pure: what only the books know is asked elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import QUATRE_CHIFFRES, refus_de_carte
from apps.comptabilite.caisse.choices import FichierPapier, MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.reprise.fichiers import COLONNES, Papier, Rangee, rangees_par_recu
from apps.comptabilite.caisse.reprise.papier import VALEUR_MAXIMUM, Encaissement, LigneDeRecette, Refus
from apps.comptabilite.caisse.services.paiements import LONGUEURS
from apps.hospital.calcul import lire_code
from apps.hospital.choices import TypeRecette
from apps.hospital.identite import lire_nom, lire_prenom, lire_telephone, nettoyer_numero
from apps.socle.errors import BusinessError
from apps.socle.money import decimals, finest, format_amount
from apps.socle.redaction import HIDDEN
from apps.socle.words import HIDDEN_CHARACTERS

T = TypeVar("T", LigneDeRecette, Encaissement)
PREMIER_JOUR = date(1990, 1, 1)
PRIX_MAXIMUM = Decimal(10) ** 10
"""Ten thousand million francs: above it, a till's row is a slip of the finger."""
QUANTITE_MAXIMUM = Decimal(10) ** 6
_NOMBRE = re.compile(r"-?\d+(?:[.,]\d+)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?", re.ASCII)
_INVISIBLES = re.compile(f"\x00|{HIDDEN_CHARACTERS}")
_CAISSIER = re.compile(r"[\w](?:[\w.+-]{0,48}[\w])?")
_CAISSE = re.compile(r"[A-Z0-9][A-Z0-9 _.-]{0,9}", re.ASCII)


class _Illisible(Exception):
    """A cell that cannot be read: its column, the sentence, the code."""

    def __init__(self, colonne: str, motif: str, code: str) -> None:
        super().__init__(motif)
        self.colonne, self.motif, self.code = colonne, motif, code


@dataclass(frozen=True)
class Regles:
    """What reading depends on: the tenant's currency, and the latest local moment that is no future."""

    devise: str
    maintenant: datetime


@dataclass(frozen=True)
class Lecture:
    """The good rows of a file, by receipt in its order, and the others."""

    recettes: dict[str, list[LigneDeRecette]]
    encaissements: dict[str, list[Encaissement]]
    refus: list[Refus]


def lire(recettes: Papier, encaissements: Papier, regles: Regles) -> Lecture:
    """Return what both files say; each row is read or refused by itself."""
    refus: list[Refus] = []
    lignes = _lire_fichier(recettes, regles, _ligne_de_recette, refus)
    paiements = _lire_fichier(encaissements, regles, _encaissement, refus)
    return Lecture(lignes, paiements, refus)


def _lire_fichier(
    papier: Papier, regles: Regles, lecture: Callable[[Rangee, Regles, int], T], refus: list[Refus]
) -> dict[str, list[T]]:
    lues: dict[str, list[T]] = defaultdict(list)
    vues: dict[str, int] = {}
    for _numero, bloc in rangees_par_recu(papier.rangees):
        jumelles: dict[str, int] = defaultdict(int)
        for rangee in bloc:
            try:
                controler_rangee(rangee, papier.fichier)
                premiere = lecture(rangee, regles, 1)
                jumelles[premiere.empreinte] += 1
                rang = jumelles[premiere.empreinte]
                lue = premiere if rang == 1 else lecture(rangee, regles, rang)
                if lue.empreinte in vues:
                    motif = _("Cette ligne répète la ligne %d du fichier.") % vues[lue.empreinte]
                    raise _Illisible("recu_papier", motif, "row-repeated")
            except _Illisible as erreur:
                refus.append(refus_de(papier.fichier, rangee, erreur.colonne, erreur.motif, erreur.code))
            else:
                vues[lue.empreinte] = rangee.ligne
                lues[lue.recu].append(lue)
    return dict(lues)


def refus_de(fichier: FichierPapier, rangee: Rangee, colonne: str, motif: str, code: str) -> Refus:
    """Return the refusal of a row beside `colonne`, its value shortened and without card number."""
    valeur, recu = rangee.cellules.get(colonne, ""), rangee.cellules.get("recu_papier", "").strip()
    return Refus(fichier, rangee.ligne, colonne, motif, code, recu=montrable(recu, 50), valeur=montrable(valeur))


def montrable(texte: str, longueur: int = VALEUR_MAXIMUM) -> str:
    """Return a cell as a report may repeat it: no invisible character, not too long (card numbers went at the reading)."""
    propre = _INVISIBLES.sub("\N{REPLACEMENT CHARACTER}", texte)
    return propre if len(propre) <= longueur else propre[: longueur - 1] + "…"


def controler_rangee(rangee: Rangee, fichier: FichierPapier) -> None:
    """Ask of every cell what no cell may hold: a card number first, so that nothing repeats it."""
    for colonne, cellule in rangee.cellules.items():
        if HIDDEN in cellule:
            raise _Illisible(colonne, str(refus_de_carte(colonne)), "card-number-refused")
    if rangee.defaut:
        raise _Illisible(rangee.colonne_fautive, rangee.defaut, "row-malformed")
    for colonne in COLONNES[fichier]:
        if _INVISIBLES.search(rangee.cellules[colonne]):
            raise _Illisible(colonne, _("Un caractère invisible s’est glissé dans cette valeur."), "control-character")


# Cells ------------------------------------------------------------------------------------


def _texte(rangee: Rangee, colonne: str, longueur: int, obligatoire: bool = True) -> str:
    texte = rangee.cellules[colonne].strip()
    if obligatoire and not texte:
        raise _Illisible(colonne, _("Cette valeur est obligatoire."), "value-missing")
    if len(texte) > longueur:
        raise _Illisible(colonne, _("%d caractères au plus.") % longueur, "too-long")
    return texte


def _moment(rangee: Rangee, regles: Regles) -> datetime:
    texte = rangee.cellules["date_heure"].strip()
    try:
        moment = datetime.fromisoformat(texte) if _MOMENT.fullmatch(texte) else None
    except ValueError:
        raise _Illisible("date_heure", _("Ce jour ou cette heure n’existe pas."), "date-impossible") from None
    if moment is None:
        raise _Illisible("date_heure", _("Écrivez la date ainsi : 2026-10-01T08:54."), "date-unreadable")
    if moment > regles.maintenant:
        raise _Illisible("date_heure", _("Cette date est dans l’avenir."), "date-in-the-future")
    if moment.date() < PREMIER_JOUR:
        raise _Illisible("date_heure", _("Cette date est trop ancienne."), "date-too-old")
    return moment


def _nombre(rangee: Rangee, colonne: str) -> Decimal:
    texte = rangee.cellules[colonne].strip()
    if not texte:
        raise _Illisible(colonne, _("Cette valeur est obligatoire."), "value-missing")
    if not _NOMBRE.fullmatch(texte):
        raise _Illisible(colonne, _("Ce nombre ne se lit pas : des chiffres, sans espace ni séparateur de milliers."), "number-unreadable")  # fmt: skip
    return Decimal(texte.replace(",", "."))


def _montant(rangee: Rangee, colonne: str, regles: Regles) -> Decimal:
    montant = _nombre(rangee, colonne)
    if montant < 0:
        raise _Illisible(colonne, _("Un montant ne peut pas être négatif."), "negative-amount")
    if montant != montant.quantize(Decimal(1).scaleb(-decimals(regles.devise))):
        motif = finest(regles.devise)
        raise _Illisible(colonne, motif, "amount-too-fine")
    if montant > PRIX_MAXIMUM:
        raise _Illisible(colonne, _("Ce montant est trop grand."), "amount-too-large")
    return montant


def _quantite(rangee: Rangee) -> Decimal:
    quantite = _nombre(rangee, "quantite")
    if quantite <= 0 or quantite != round(quantite, 3):
        motif = _("La quantité est supérieure à zéro, avec trois décimales au plus.")
        raise _Illisible("quantite", motif, "quantity-invalid")
    if quantite > QUANTITE_MAXIMUM:
        raise _Illisible("quantite", _("Cette quantité est trop grande."), "quantity-invalid")
    return quantite


def _choix(rangee: Rangee, colonne: str, permis: Iterable[str], motif: str, code: str) -> str:
    texte = rangee.cellules[colonne].strip().upper()
    if texte not in permis:
        raise _Illisible(colonne, motif, code)
    return texte


def _caisse(rangee: Rangee) -> str:
    texte = _texte(rangee, "caisse", 10).upper()
    if not _CAISSE.fullmatch(texte):
        raise _Illisible(
            "caisse", _("Un code de caisse s’écrit avec des lettres et des chiffres : C1."), "till-invalid"
        )
    return texte


def _caissier(rangee: Rangee) -> str:
    texte = _texte(rangee, "caissier", 50).lower()
    if not _CAISSIER.fullmatch(texte):
        motif = _("Un identifiant s’écrit avec des lettres, chiffres, points, tirets : amina.caisse.")
        raise _Illisible("caissier", motif, "username-invalid")
    return texte


def _code(rangee: Rangee) -> str:
    try:
        return lire_code(_texte(rangee, "code_acte", 50))
    except BusinessError as erreur:
        raise _Illisible("code_acte", str(erreur), erreur.code) from None


def _du_patient(rangee: Rangee, colonne: str, lecture: Callable[[str], str]) -> str:
    """Ask hospital's own rule, and keep the text as the paper has it."""
    texte = rangee.cellules[colonne].strip()
    try:
        lu = lecture(texte)
    except BusinessError as erreur:
        raise _Illisible(colonne, str(erreur), erreur.code) from None
    return lu if colonne == "patient_numero" else texte


# Rows -------------------------------------------------------------------------------------


def _ligne_de_recette(rangee: Rangee, regles: Regles, rang: int) -> LigneDeRecette:
    types = _("Type de recette inconnu : %s.") % ", ".join(TypeRecette.values)
    lue = LigneDeRecette(
        ligne=rangee.ligne,
        recu=_texte(rangee, "recu_papier", 50),
        date_heure=_moment(rangee, regles),
        caisse=_caisse(rangee),
        caissier=_caissier(rangee),
        patient_numero=_du_patient(rangee, "patient_numero", nettoyer_numero),
        patient_nom=_du_patient(rangee, "patient_nom", lire_nom),
        patient_prenom=_du_patient(rangee, "patient_prenom", lire_prenom),
        patient_telephone=_du_patient(rangee, "patient_telephone", lire_telephone),
        type_recette=_choix(rangee, "type_recette", TypeRecette.values, types, "revenue-unknown"),
        code=_code(rangee),
        libelle=_texte(rangee, "libelle", 200),
        quantite=_quantite(rangee),
        prix_unitaire=_montant(rangee, "prix_unitaire", regles),
        montant=_montant(rangee, "montant", regles),
        donnees=rangee.cellules,
        rang=rang,
    )
    font = lue.quantite * lue.prix_unitaire
    if font != lue.montant:
        dit = {"quantite": f"{lue.quantite:f}", "prix": format_amount(lue.prix_unitaire, regles.devise),
               "font": format_amount(font, regles.devise), "montant": format_amount(lue.montant, regles.devise)}  # fmt: skip
        motif = _("%(quantite)s × %(prix)s font %(font)s, pas %(montant)s.") % dit
        raise _Illisible("montant", motif, "amount-does-not-add-up")
    return lue


def _encaissement(rangee: Rangee, regles: Regles, rang: int) -> Encaissement:
    modes = _("Moyen de paiement inconnu : %s.") % ", ".join(MoyenPaiement.values)
    lu = Encaissement(
        ligne=rangee.ligne,
        recu=_texte(rangee, "recu_papier", 50),
        date_heure=_moment(rangee, regles),
        caisse=_caisse(rangee),
        caissier=_caissier(rangee),
        mode=_choix(rangee, "mode_paiement", MoyenPaiement.values, modes, "unknown-means"),
        montant=_montant(rangee, "montant", regles),
        reference=_texte(rangee, "reference", LONGUEURS["reference"], obligatoire=False),
        detail=_texte(rangee, "detail", LONGUEURS["terminal"], obligatoire=False),
        payeur=_texte(rangee, "payeur", LONGUEURS["titulaire"], obligatoire=False),
        donnees=rangee.cellules,
        rang=rang,
    )
    if not lu.montant:
        raise _Illisible("montant", _("Un paiement porte un montant supérieur à zéro."), "amount-required")
    _controler_moyen(lu)
    return lu


# means: what its columns must hold, and the sentence when they do not
_EXIGES = {
    MoyenPaiement.ESPECES: (),
    MoyenPaiement.CHEQUE: ("reference", "detail", "payeur"),
    MoyenPaiement.VIREMENT: ("reference", "detail"),
    MoyenPaiement.CARTE: ("reference", "payeur"),
    MoyenPaiement.MOBILE: ("reference", "detail", "payeur"),
}


def _controler_moyen(lu: Encaissement) -> None:
    manque = next((colonne for colonne in _EXIGES[MoyenPaiement(lu.mode)] if not getattr(lu, colonne)), None)
    if manque:
        motif = _("Le moyen « %s » demande cette valeur.") % MoyenPaiement(lu.mode).label
        raise _Illisible(manque, motif, "reference-required")
    if lu.mode == MoyenPaiement.MOBILE:
        if lu.detail.upper() not in OperateurMobile.values:
            motif = _("Opérateur inconnu : %s.") % ", ".join(OperateurMobile.values)
            raise _Illisible("detail", motif, "unknown-operator")
        if len(lu.payeur) > LONGUEURS["payeur"]:
            raise _Illisible("payeur", _("%d caractères au plus.") % LONGUEURS["payeur"], "too-long")
    if lu.mode == MoyenPaiement.CARTE and not QUATRE_CHIFFRES.fullmatch(lu.payeur):
        raise _Illisible("payeur", str(refus_de_carte("payeur")), "card-number-refused")
