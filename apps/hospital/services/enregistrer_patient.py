"""Registering a patient."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from apps.hospital.en_main import numero_pris
from apps.hospital.identite import Identite, nettoyer, nettoyer_numero
from apps.hospital.index import indexer_nouveau
from apps.hospital.models import Patient
from apps.hospital.mots import rang_de
from apps.hospital.numeros import avancer_numeros, prendre_numero
from apps.organisations.models import Tiers
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.unit_of_work import collect, insert_as_born


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
    tenant = current_tenant()
    identite = nettoyer(Identite(nom, prenom, telephone, sexe, date_naissance), local_date(tenant.time_zone))
    final = _numero_libre(numero) if numero else prendre_numero()
    tiers = Tiers(
        tenant=tenant, code=final, nom=identite.nom_complet, type=Tiers.Type.PATIENT, telephone=identite.telephone
    )
    insert_as_born(tiers.index())
    patient = insert_as_born(
        Patient(tenant=tenant, tiers=tiers, numero=final, rang=rang_de(final), **identite.colonnes())
    )
    indexer_nouveau(patient, tenant)
    if numero:
        collect("hospital.avancer_numeros", final, lambda numeros: avancer_numeros())
    record("patient_registered", patient, acteur, new={"numero": final})
    return patient


def _numero_libre(numero: str) -> str:
    propre = nettoyer_numero(numero)
    if numero_pris(propre):
        raise BusinessError(_("Ce numéro désigne déjà un patient."), code="patient-number-taken", field="numero")
    return propre
