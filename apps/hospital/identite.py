"""Who a patient says they are: read, cleaned, refused when it cannot be. Writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.hospital.choices import Sexe
from apps.hospital.mots import ecrire_numero, rang_de
from apps.socle.errors import BusinessError
from apps.socle.phones import is_phone
from apps.socle.search import search_key
from apps.socle.words import clean_words

AGE_MAXIMUM = 130
NOM_MAXIMUM = 120
TELEPHONE_MAXIMUM = 20


@dataclass(frozen=True)
class Identite:
    """Only the name is needed: one word will do, and many have no known birth date nor phone."""

    nom: str
    prenom: str = ""
    telephone: str = ""
    sexe: str = ""
    date_naissance: dt.date | None = None

    @property
    def nom_complet(self) -> str:
        return f"{self.nom} {self.prenom}".strip()

    def colonnes(self) -> dict[str, object]:
        """Return the columns of a patient that hold this."""
        return {
            "nom": self.nom,
            "prenom": self.prenom,
            "telephone": self.telephone,
            "sexe": self.sexe,
            "date_naissance": self.date_naissance,
            "cle_recherche": search_key(self.nom_complet)[:255],
        }


def nettoyer(identite: Identite, aujourdhui: dt.date) -> Identite:
    """Return `identite` composed and single-spaced. Raises BusinessError beside the field that cannot be."""
    return Identite(
        nom=lire_nom(identite.nom),
        prenom=lire_prenom(identite.prenom),
        telephone=lire_telephone(identite.telephone),
        sexe=lire_sexe(identite.sexe),
        date_naissance=lire_naissance(identite.date_naissance, aujourdhui),
    )


def lire_nom(texte: str) -> str:
    """Return a surname: a letter at least, 120 characters at most. Raises BusinessError."""
    propre = clean_words(texte, "nom")
    if not propre:
        raise BusinessError(_("Le nom est obligatoire."), code="name-missing", field="nom")
    if not any(caractere.isalpha() for caractere in propre):
        raise BusinessError(_("Un nom a au moins une lettre."), code="name-without-letter", field="nom")
    return _assez_court(propre, "nom")


def lire_prenom(texte: str) -> str:
    """Return a first name, which may be empty. Raises BusinessError."""
    return _assez_court(clean_words(texte, "prenom"), "prenom")


def _assez_court(texte: str, champ: str) -> str:
    if len(texte) > NOM_MAXIMUM:
        raise BusinessError(_("%d caractères au plus.") % NOM_MAXIMUM, code="name-too-long", field=champ)
    return texte


def lire_telephone(texte: str) -> str:
    """Return a phone number as it was written, which may be empty. Raises BusinessError."""
    propre = clean_words(texte, "telephone")
    if propre and (len(propre) > TELEPHONE_MAXIMUM or not is_phone(propre)):
        raise BusinessError(
            _("Ce numéro de téléphone ne se lit pas : 6 à 15 chiffres sont attendus."),
            code="phone-invalid",
            field="telephone",
        )
    return propre


def lire_sexe(sexe: str) -> str:
    """Return one of the choices, or nothing. Raises BusinessError."""
    if sexe and sexe not in Sexe.values:
        raise BusinessError(_("Choisissez dans la liste."), code="sex-unknown", field="sexe")
    return sexe


def lire_naissance(naissance: dt.date | None, aujourdhui: dt.date) -> dt.date | None:
    """Return a birth date that can be, or None. Raises BusinessError."""
    if naissance is None:
        return None
    if naissance > aujourdhui:
        raise BusinessError(_("Cette date est à venir."), code="birth-in-future", field="date_naissance")
    if aujourdhui.year - naissance.year > AGE_MAXIMUM:
        raise BusinessError(_("Vérifiez l’année de naissance."), code="birth-too-old", field="date_naissance")
    return naissance


def nettoyer_numero(numero: str) -> str:
    """Return a paper file's number in capitals, `pat-412` as `PAT-00412`. Raises BusinessError."""
    propre = clean_words(numero, "numero").upper()
    rang = rang_de(propre)
    if rang is not None:
        propre = ecrire_numero(rang)
    if len(propre) > 20 or not search_key(propre) or rang == 0:
        raise BusinessError(_("Ce numéro de dossier ne convient pas."), code="patient-number-invalid", field="numero")
    return propre
