"""Tying prestations to the invoice that carries them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import connection

from apps.hospital.locks import verrouiller_prestations
from apps.hospital.models import Prestation
from apps.hospital.transitions import PRESTATION_TRANSITIONS
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.scope import require_scope


@command
def rattacher_aux_lignes(*, lignes: Mapping[uuid.UUID, uuid.UUID], acteur: Acteur) -> list[Prestation]:
    """Tie prestations (keys) to the lines (values) of the invoice just issued for them.

    Raises Prestation.DoesNotExist, and Conflict when one is invoiced already.
    """
    verrouillees = verrouiller_prestations(lignes.keys())
    for prestation in verrouillees:
        prestation.statut = PRESTATION_TRANSITIONS.check("facturer", prestation, acteur).target
        prestation.invoice_line_id = lignes[prestation.pk]
    _ecrire(verrouillees)
    return verrouillees


def _ecrire(prestations: list[Prestation]) -> None:
    """One statement for all: an invoice has up to two hundred lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update hospital_prestation p set statut = n.statut, invoice_line_id = n.ligne"
            " from unnest(%s::uuid[], %s::text[], %s::uuid[]) as n(id, statut, ligne)"
            " where p.tenant_id = %s and p.id = n.id",
            [
                [prestation.pk for prestation in prestations],
                [str(prestation.statut) for prestation in prestations],
                [prestation.invoice_line_id for prestation in prestations],
                require_scope(),
            ],
        )
