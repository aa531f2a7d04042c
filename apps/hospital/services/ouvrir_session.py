"""Opening a visit."""

from __future__ import annotations

import datetime as dt
import uuid

from apps.hospital.dates import jour_de, moment_de, verifier_date
from apps.hospital.models import Patient, Service, Session
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.numbering import next_number
from apps.socle.unit_of_work import held, held_list, hold, once


@command
def ouvrir_session(
    *, patient_id: uuid.UUID, date: dt.date, acteur: Acteur, service: Service | None = None, motif: str = ""
) -> Session:
    """Return the patient's open visit of the day `date`, opened now if there is none.

    `date` is the tenant's local day, or an aware moment when the hour is known. A visit that is
    already open is returned as it is. Raises Patient.DoesNotExist, and BusinessError for a day to
    come or, except to a takeover, past.
    """
    tenant = current_tenant()
    jour = jour_de(date, tenant)
    verifier_date(jour, tenant, acteur)
    ouvertes = held_list(("open visits", patient_id, jour), lambda: _ouvertes(patient_id, jour))
    if ouvertes:
        return ouvertes[0]
    session = Session(
        tenant=tenant,
        patient=_patient(patient_id),
        service=service,
        numero=next_number(kind="VIS", year=jour.year, past=acteur.is_takeover),
        jour=jour,
        ouverte_le=moment_de(date, tenant),
        motif=motif,
    )
    session.save(force_insert=True)
    ouvertes.append(hold(session))
    record("visit_opened", session, acteur, new={"numero": session.numero})
    return session


def _ouvertes(patient_id: uuid.UUID, jour: dt.date) -> list[Session]:
    trouvees = list(Session.objects.filter(patient_id=patient_id, jour=jour, fermee_le=None)[:1])
    for session in trouvees:
        session.patient = _patient(patient_id)
    return trouvees


def _patient(patient_id: uuid.UUID) -> Patient:
    """The patient with their third party, read once a command."""
    avec_tiers = Patient.objects.select_related("tiers")
    return held(Patient, patient_id) or once(("patient", patient_id), lambda: avec_tiers.get(pk=patient_id))
