"""The stored words of a patient follow their name, phone and number. Called by services only."""

from __future__ import annotations

from apps.hospital.models import Patient, PatientMot
from apps.hospital.mots import mots_du_patient
from apps.organisations.models import Tenant


def indexer(patient: Patient, tenant: Tenant) -> None:
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
