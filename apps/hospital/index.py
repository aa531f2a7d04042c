"""The stored words of a patient follow their name, phone and number. Called by services only."""

from __future__ import annotations

from apps.hospital.models import Patient, PatientMot
from apps.hospital.mots import mots_du_patient
from apps.organisations.models import Tenant
from apps.socle.unit_of_work import insert_later


def indexer_nouveau(patient: Patient, tenant: Tenant) -> None:
    """Store the words of a patient who has just been registered and has none."""
    for mot in sorted(_mots(patient, tenant)):
        insert_later(PatientMot(tenant=tenant, patient=patient, mot=mot))


def indexer(patient: Patient, tenant: Tenant) -> None:
    """Bring the stored words of `patient` to what they should be."""
    voulus = _mots(patient, tenant)
    presents = set(PatientMot.objects.filter(patient=patient).values_list("mot", flat=True))
    PatientMot.objects.filter(patient=patient, mot__in=presents - voulus).delete()
    PatientMot.objects.bulk_create(
        PatientMot(tenant=tenant, patient=patient, mot=mot) for mot in sorted(voulus - presents)
    )


def _mots(patient: Patient, tenant: Tenant) -> set[str]:
    return mots_du_patient(
        numero=patient.numero,
        nom=patient.nom,
        prenom=patient.prenom,
        telephone=patient.telephone,
        pays=tenant.country,
    )
