"""Correcting what is known of a patient."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from apps.hospital.identite import Identite, nettoyer
from apps.hospital.index import indexer
from apps.hospital.locks import verrouiller_patient
from apps.hospital.models import Patient
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date
from apps.socle.commands import command


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
    Raises Patient.DoesNotExist, and BusinessError as `enregistrer_patient` does.
    """
    tenant = current_tenant()
    patient = verrouiller_patient(patient_id)
    avant = Identite(patient.nom, patient.prenom, patient.telephone, patient.sexe, patient.date_naissance)
    donnees = {"nom": nom, "prenom": prenom, "telephone": telephone, "sexe": sexe, "date_naissance": date_naissance}
    voulue = replace(avant, **{champ: valeur for champ, valeur in donnees.items() if valeur is not None})
    if sans_date:
        voulue = replace(voulue, date_naissance=None)
    apres = nettoyer(voulue, local_date(tenant.time_zone))
    champs = sorted(champ for champ in donnees if getattr(avant, champ) != getattr(apres, champ))
    if champs:
        _ecrire(patient, apres)
        indexer(patient, tenant)
        record("patient_corrected", patient, acteur, new={"fields": champs})
    return patient


def _ecrire(patient: Patient, identite: Identite) -> None:
    colonnes = identite.colonnes()
    for colonne, valeur in colonnes.items():
        setattr(patient, colonne, valeur)
    patient.save(update_fields=list(colonnes))
    patient.tiers.nom, patient.tiers.telephone = identite.nom_complet, identite.telephone
    patient.tiers.save(update_fields=["nom", "telephone"])
