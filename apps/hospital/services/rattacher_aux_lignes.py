"""Tying prestations to the invoice that carries them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from apps.hospital.locks import verrouiller_prestations
from apps.hospital.models import Prestation
from apps.hospital.transitions import PRESTATION_TRANSITIONS
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.unit_of_work import update_later


@command
def rattacher_aux_lignes(*, lignes: Mapping[uuid.UUID, uuid.UUID], acteur: Acteur) -> list[Prestation]:
    """Tie prestations (keys) to the lines (values) of the invoice just issued for them.

    Raises Prestation.DoesNotExist, and Conflict when one is invoiced already.
    """
    verrouillees = verrouiller_prestations(lignes.keys())
    for prestation in verrouillees:
        prestation.statut = PRESTATION_TRANSITIONS.check("facturer", prestation, acteur).target
        prestation.invoice_line_id = lignes[prestation.pk]
        update_later(prestation, "statut", "invoice_line")
    return verrouillees
