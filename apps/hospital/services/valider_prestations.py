"""Confirming that care was given."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.hospital.locks import verrouiller_prestations
from apps.hospital.models import Prestation
from apps.hospital.transitions import PRESTATION_TRANSITIONS
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command


@command
def valider_prestations(*, prestations: Sequence[uuid.UUID], acteur: Acteur) -> list[Prestation]:
    """Confirm that the care was given. Raises Prestation.DoesNotExist, Conflict when one is not pending."""
    verrouillees = verrouiller_prestations(prestations)
    for prestation in verrouillees:
        prestation.statut = PRESTATION_TRANSITIONS.check("valider", prestation, acteur).target
        prestation.save(update_fields=["statut"])
        record("care_confirmed", prestation, acteur)
    return verrouillees
