"""What a command asks of hospital once, and keeps in hand until it ends: the tenant's row is locked meanwhile."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection

from apps.hospital.models import Patient, Session
from apps.organisations.models import Tiers
from apps.socle.unit_of_work import held, held_list, hold, hold_list, know, once


def patient_connu(patient_id: uuid.UUID) -> Patient:
    """Return the patient with their third party, read once a command. Raises Patient.DoesNotExist."""
    avec_tiers = Patient.objects.select_related("tiers")
    return held(Patient, patient_id) or once(_cle_du_patient(patient_id), lambda: avec_tiers.get(pk=patient_id))


def visites_ouvertes(patient_id: uuid.UUID, jour: dt.date) -> list[Session]:
    """Return the open visit of a patient and day, if any, read once a command; who opens one adds it."""
    return held_list(_cle_des_visites(patient_id, jour), lambda: _ouvertes([patient_id], jour), owner=patient_id)


def numero_pris(numero: str) -> bool:
    """Say whether a third party bears the patient number `numero`, asked once a command."""
    return once(_cle_du_numero(numero), lambda: Tiers.objects.filter(code=numero).exists())


def prendre_patients(numeros: Collection[str], jour: dt.date) -> dict[str, Patient]:
    """Return the patients of `numeros` by number; their visits of `jour` and the numbers that are free are asked with them.

    For a command that charges many patients: what it does to each of them asks nothing more.
    """
    patients = {x.numero: x for x in Patient.objects.select_related("tiers").filter(numero__in=numeros)}
    pris = set(Tiers.objects.filter(code__in=numeros).values_list("code", flat=True))
    for numero in numeros:
        know(_cle_du_numero(numero), numero in pris)
    ouvertes: dict[uuid.UUID, list[Session]] = defaultdict(list)
    for patient in patients.values():
        know(_cle_du_patient(patient.pk), patient)
    for visite in _ouvertes([patient.pk for patient in patients.values()], jour):
        ouvertes[visite.patient_id].append(hold(visite))
    for patient in patients.values():
        hold_list(_cle_des_visites(patient.pk, jour), ouvertes[patient.pk])
    return patients


def _ouvertes(patient_ids: Collection[uuid.UUID], jour: dt.date) -> list[Session]:
    trouvees = list(Session.objects.filter(patient_id__in=patient_ids, jour=jour, fermee_le=None))
    for visite in trouvees:
        visite.patient = patient_connu(visite.patient_id)
    return trouvees


def _cle_du_patient(patient_id: uuid.UUID) -> tuple[str, uuid.UUID]:
    return "patient", patient_id


def _cle_des_visites(patient_id: uuid.UUID, jour: dt.date) -> tuple[str, uuid.UUID, dt.date]:
    return "open visits", patient_id, jour


def _cle_du_numero(numero: str) -> tuple[str, str]:
    return "number taken", numero
