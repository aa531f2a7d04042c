"""Patients, visits, tariffs and care for tests, made by the services that make them in life."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.hospital.models import Patient, Prestation, Session
from apps.hospital.models.tarif import Tarif
from apps.hospital.services import ajouter_prestations, enregistrer_patient, enregistrer_tarif, ouvrir_session
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date
from apps.socle.scope import scope

NOMS = ("Fotso", "Mbarga", "Ngo Bassa", "Koné", "Tchoumi", "Abega", "Fadimatou", "Eyenga")
_numeros: Iterator[int] = itertools.count(1)


def make_patient(tenant: Tenant, **valeurs: Any) -> Patient:
    """Register a patient, named and numbered unless told otherwise. Opens the tenant's scope itself."""
    rang = next(_numeros)
    defauts = {"nom": NOMS[rang % len(NOMS)], "prenom": f"Prénom {rang}", "acteur": SYSTEM}
    with scope(tenant.id):
        return enregistrer_patient(**{**defauts, **valeurs})


def make_tarif(tenant: Tenant, code: str = "CONS-GEN", montant: Decimal | int = 5000, **valeurs: Any) -> Tarif:
    """Set a tariff in force since 1 January 2020: a general consultation at 5,000 unless told otherwise."""
    defauts = {
        "nom": "Consultation générale",
        "type_recette": "CONSULTATION",
        "valide_du": dt.date(2020, 1, 1),
        "acteur": SYSTEM,
    }
    with scope(tenant.id):
        return enregistrer_tarif(code=code, montant=Decimal(montant), **{**defauts, **valeurs})


def make_session(tenant: Tenant, patient: Patient | None = None, **valeurs: Any) -> Session:
    """Open today's visit of `patient`, or of a new one."""
    with scope(tenant.id):
        defauts = {"date": local_date(tenant.time_zone), "acteur": SYSTEM}
        qui = patient or make_patient(tenant)
        return ouvrir_session(patient_id=qui.pk, **{**defauts, **valeurs})


def make_prestations(
    tenant: Tenant, *lignes: tuple[str, Decimal | int, Decimal | int | None], session: Session | None = None
) -> list[Prestation]:
    """Record (code, quantity, price or None) in `session`, or in a new patient's visit of today."""
    with scope(tenant.id):
        voulues = [(code, Decimal(q), None if prix is None else Decimal(prix)) for code, q, prix in lignes]
        return ajouter_prestations(
            session_id=(session or make_session(tenant)).pk,
            lignes=voulues,
            date=local_date(tenant.time_zone),
            acteur=SYSTEM,
        )
