from apps.hospital.models.hospital import Hospital
from apps.hospital.models.patient import Patient, PatientMot
from apps.hospital.models.prestation import Prestation
from apps.hospital.models.service import Service
from apps.hospital.models.session import Session
from apps.hospital.models.tarif import HospitalActTarif, HospitalExamTarif

__all__ = [
    "Hospital",
    "HospitalActTarif",
    "HospitalExamTarif",
    "Patient",
    "PatientMot",
    "Prestation",
    "Service",
    "Session",
]
