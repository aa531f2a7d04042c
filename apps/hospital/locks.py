"""Every row lock of hospital; the tenant's row is locked before, by the command."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from apps.hospital.models import Patient, Prestation, Session
from apps.socle.unit_of_work import held


def verrouiller_patient(patient_id: uuid.UUID) -> Patient:
    """Lock a patient. Raises Patient.DoesNotExist."""
    return Patient.objects.select_for_update(of=("self",)).select_related("tiers").get(pk=patient_id)


def verrouiller_session(session_id: uuid.UUID) -> Session:
    """Lock a visit. Raises Session.DoesNotExist."""
    return Session.objects.select_for_update(of=("self",)).get(pk=session_id)


def verrouiller_prestations(ids: Collection[uuid.UUID]) -> list[Prestation]:
    """Lock prestations in the order of their keys. Raises Prestation.DoesNotExist when one is not there."""
    en_main = [held(Prestation, pk) for pk in sorted(ids)]
    if all(en_main):
        return [prestation for prestation in en_main if prestation]
    trouvees = list(Prestation.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    if len(trouvees) != len(set(ids)):
        raise Prestation.DoesNotExist
    return trouvees
