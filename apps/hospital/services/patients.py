"""Registering a patient and correcting what is known of them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import uuid
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.hospital.choices import Sexe
from apps.hospital.dates import etablissement
from apps.hospital.locks import verrouiller_patient
from apps.hospital.models import Patient, PatientMot
from apps.hospital.mots import ecrire_numero, mots_du_patient, rang_de
from apps.hospital.services.numeros import avancer_numeros, prendre_numero
from apps.hospital.telephone import est_telephone
from apps.organisations.models import Tenant, Tiers
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.search import search_key

AGE_MAXIMUM = 130
_BLANCS = re.compile(r"\s+")


@dataclass(frozen=True)
class Identite:
    """Who a patient says they are; only the name is needed."""

    nom: str
    prenom: str = ""
    telephone: str = ""
    sexe: str = ""
    date_naissance: dt.date | None = None


@command
def enregistrer_patient(
    *,
    nom: str,
    acteur: Acteur,
    prenom: str = "",
    telephone: str = "",
    sexe: str = "",
    date_naissance: dt.date | None = None,
    numero: str | None = None,
) -> Patient:
    """Register a patient and their third party; the next number (PAT-00413) unless `numero` is given.

    A number given (a paper file's) is kept, and later numbers pass over it. Raises BusinessError
    for a missing name, an unreadable phone, an impossible birth date, a number already given.
    """
    tenant = etablissement()
    identite = _nettoyer(Identite(nom, prenom, telephone, sexe, date_naissance), tenant)
    donne = _numero_donne(numero) if numero else None
    final = donne or prendre_numero()
    tiers = Tiers(code=final, nom=_nom_complet(identite), type=Tiers.Type.PATIENT, telephone=identite.telephone)
    patient = Patient(tenant=tenant, tiers=tiers, numero=final, rang=rang_de(final), **_colonnes(identite))
    if Patient.objects.filter(numero=final).exists():
        raise BusinessError(_("Ce numéro désigne déjà un patient."), code="patient-number-taken", field="numero")
    tiers.save(force_insert=True)
    patient.tiers_id = tiers.pk
    patient.save(force_insert=True)
    _indexer(patient, tenant)
    if donne:
        avancer_numeros()
    record("patient_registered", patient, acteur, new={"numero": final})
    return patient


@command
def modifier_patient(
    *,
    patient_id: uuid.UUID,
    acteur: Acteur,
    nom: str | None = None,
    prenom: str | None = None,
    telephone: str | None = None,
    sexe: str | None = None,
    date_naissance: dt.date | None = None,
    sans_date: bool = False,
) -> Patient:
    """Correct a patient; what is None stays, `sans_date` empties the birth date. The number never changes.

    Papers already issued keep what they said. The trail names the fields, never their values.
    Raises Patient.DoesNotExist and BusinessError as `enregistrer_patient` does.
    """
    tenant = etablissement()
    patient = verrouiller_patient(patient_id)
    avant = Identite(patient.nom, patient.prenom, patient.telephone, patient.sexe, patient.date_naissance)
    donnees = {"nom": nom, "prenom": prenom, "telephone": telephone, "sexe": sexe, "date_naissance": date_naissance}
    voulue = replace(avant, **{nom_: valeur for nom_, valeur in donnees.items() if valeur is not None})
    apres = _nettoyer(replace(voulue, date_naissance=None) if sans_date else voulue, tenant)
    champs = [champ for champ in donnees if getattr(avant, champ) != getattr(apres, champ)]
    if not champs:
        return patient
    for colonne, valeur in _colonnes(apres).items():
        setattr(patient, colonne, valeur)
    patient.save(update_fields=[*_colonnes(apres)])
    patient.tiers.nom, patient.tiers.telephone = _nom_complet(apres), apres.telephone
    patient.tiers.save(update_fields=["nom", "telephone"])
    _indexer(patient, tenant)
    record("patient_corrected", patient, acteur, new={"fields": sorted(champs)})
    return patient


def _nettoyer(identite: Identite, tenant: Tenant) -> Identite:
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
    _verifier_naissance(propre.date_naissance, local_date(tenant.time_zone))
    return propre


def _verifier_noms(identite: Identite) -> None:
    if not any(caractere.isalnum() for caractere in identite.nom):
        raise BusinessError(_("Le nom est obligatoire."), code="name-missing", field="nom")
    for champ in ("nom", "prenom"):
        if len(getattr(identite, champ)) > 120:
            raise BusinessError(_("120 caractères au plus."), code="name-too-long", field=champ)


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


def _nom_complet(identite: Identite) -> str:
    return f"{identite.nom} {identite.prenom}".strip()


def _colonnes(identite: Identite) -> dict[str, object]:
    return {
        "nom": identite.nom,
        "prenom": identite.prenom,
        "telephone": identite.telephone,
        "sexe": identite.sexe,
        "date_naissance": identite.date_naissance,
        "cle_recherche": search_key(_nom_complet(identite))[:255],
    }


def _numero_donne(numero: str) -> str:
    propre = _propre(numero).upper()
    rang = rang_de(propre)
    if rang is not None:
        propre = ecrire_numero(rang)
    if len(propre) > 20 or not any(caractere.isalnum() for caractere in propre):
        raise BusinessError(_("Ce numéro de dossier ne convient pas."), code="patient-number-invalid", field="numero")
    return propre


def _indexer(patient: Patient, tenant: Tenant) -> None:
    """Bring the stored words of `patient` to what they should be."""
    voulus = mots_du_patient(
        numero=patient.numero,
        nom=patient.nom,
        prenom=patient.prenom,
        telephone=patient.telephone,
        pays=tenant.country,
    )
    presents = set(PatientMot.objects.filter(patient=patient).values_list("mot", flat=True))
    PatientMot.objects.filter(patient=patient, mot__in=presents - voulus).delete()
    PatientMot.objects.bulk_create(
        PatientMot(tenant=tenant, patient=patient, mot=mot) for mot in sorted(voulus - presents)
    )
