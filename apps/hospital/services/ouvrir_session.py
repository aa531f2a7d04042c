"""Opening a visit."""

from __future__ import annotations

import datetime as dt
import uuid

from apps.hospital.dates import jour_de, moment_de, verifier_date
from apps.hospital.en_main import patient_connu, visites_ouvertes
from apps.hospital.models import Service, Session
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.numbering import next_number
from apps.socle.unit_of_work import insert_as_born


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
    ouvertes = visites_ouvertes(patient_id, jour)
    if ouvertes:
        return ouvertes[0]
    session = Session(
        tenant=tenant,
        patient=patient_connu(patient_id),
        service=service,
        numero=next_number(kind="VIS", year=jour.year, past=acteur.is_takeover),
        jour=jour,
        ouverte_le=moment_de(date, tenant),
        motif=motif,
    )
    ouvertes.append(insert_as_born(session))
    record("visit_opened", session, acteur, new={"numero": session.numero})
    return session
