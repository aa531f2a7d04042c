"""Who a patient says they are: read, cleaned, refused when it cannot be. Writes nothing."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.hospital.choices import Sexe
from apps.hospital.mots import ecrire_numero, rang_de
from apps.hospital.telephone import est_telephone
from apps.socle.errors import BusinessError
from apps.socle.search import search_key

AGE_MAXIMUM = 130
NOM_MAXIMUM = 120
_BLANCS = re.compile(r"\s+")


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
    propre = Identite(
        nom=_propre(identite.nom),
        prenom=_propre(identite.prenom),
        telephone=_propre(identite.telephone),
        sexe=identite.sexe,
        date_naissance=identite.date_naissance,
    )
    _verifier_noms(propre)
    if propre.telephone and (len(propre.telephone) > 20 or not est_telephone(propre.telephone)):
        raise BusinessError(
            _("Ce numéro de téléphone ne se lit pas : 6 à 15 chiffres sont attendus."),
            code="phone-invalid",
            field="telephone",
        )
    if propre.sexe and propre.sexe not in Sexe.values:
        raise BusinessError(_("Choisissez dans la liste."), code="sex-unknown", field="sexe")
    _verifier_naissance(propre.date_naissance, aujourdhui)
    return propre


def nettoyer_numero(numero: str) -> str:
    """Return a paper file's number in capitals, `pat-412` as `PAT-00412`. Raises BusinessError."""
    propre = _propre(numero).upper()
    rang = rang_de(propre)
    if rang is not None:
        propre = ecrire_numero(rang)
    if len(propre) > 20 or not search_key(propre) or rang == 0:
        raise BusinessError(_("Ce numéro de dossier ne convient pas."), code="patient-number-invalid", field="numero")
    return propre


def _verifier_noms(identite: Identite) -> None:
    if not any(caractere.isalpha() for caractere in identite.nom):
        raise BusinessError(_("Le nom est obligatoire."), code="name-missing", field="nom")
    for champ in ("nom", "prenom"):
        if len(getattr(identite, champ)) > NOM_MAXIMUM:
            raise BusinessError(_("%d caractères au plus.") % NOM_MAXIMUM, code="name-too-long", field=champ)


def _verifier_naissance(naissance: dt.date | None, aujourdhui: dt.date) -> None:
    if naissance is None:
        return
    if naissance > aujourdhui:
        raise BusinessError(_("Cette date est à venir."), code="birth-in-future", field="date_naissance")
    if aujourdhui.year - naissance.year > AGE_MAXIMUM:
        raise BusinessError(_("Vérifiez l’année de naissance."), code="birth-too-old", field="date_naissance")


def _propre(texte: str) -> str:
    """Return `texte` composed (NFC), single-spaced, without control characters."""
    lisible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", texte))
    return _BLANCS.sub(" ", lisible).strip()
