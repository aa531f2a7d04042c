"""Reprint a receipt: each reprint is a row, and says its rank."""

from __future__ import annotations

import uuid

from apps.comptabilite.caisse.locks import quittance_verrouillee
from apps.comptabilite.caisse.models import DuplicataQuittance
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command


@command
def reimprimer_quittance(*, quittance_id: uuid.UUID, acteur: Acteur) -> DuplicataQuittance:
    """Record the next reprint (DUPLICATA 1, 2…) by `acteur` and return it. Raises Quittance.DoesNotExist."""
    quittance = quittance_verrouillee(quittance_id)
    duplicata = DuplicataQuittance(
        quittance=quittance,
        rang=quittance.duplicatas.count() + 1,
        imprime_par_id=acteur.id,
        imprime_par_libelle=acteur.label,
    )
    duplicata.save(force_insert=True)
    record("quittance_reimprimee", quittance, acteur, new={"rang": duplicata.rang})
    return duplicata
