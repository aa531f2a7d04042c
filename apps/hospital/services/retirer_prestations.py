"""Taking back what was recorded by mistake."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.hospital.calcul import exiger_en_attente
from apps.hospital.locks import verrouiller_prestations
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command


@command
def retirer_prestations(*, prestations: Sequence[uuid.UUID], acteur: Acteur) -> None:
    """Take back prestations still pending, which nothing issued names.

    Raises Prestation.DoesNotExist, and Conflict when one is confirmed or invoiced.
    """
    for prestation in verrouiller_prestations(prestations):
        exiger_en_attente(prestation)
        record("care_withdrawn", prestation, acteur, old={"session": str(prestation.session_id)})
        prestation.delete()
