"""Closing an accounting period."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from apps.comptabilite.grand_livre import locks
from apps.comptabilite.grand_livre.models import Periode
from apps.comptabilite.grand_livre.transitions import FERMEE, PERIODE
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command


@command
def fermer_periode(*, periode_id: UUID, acteur: Acteur) -> Periode:
    """Close a period: nothing is posted to it any more.

    Raises BusinessError while pending imputations or entries to validate stand in it, Conflict when it is
    already closed, and Periode.DoesNotExist.
    """
    periode = locks.periode(periode_id)
    PERIODE.check(
        "fermer", periode, acteur, already=lambda: _("Cette période est déjà clôturée par %s.") % periode.fermee_par
    )
    periode.statut, periode.fermee_le, periode.fermee_par = FERMEE, now(), acteur.label
    periode.save(update_fields=["statut", "fermee_le", "fermee_par"])
    record("periode_fermee", periode, acteur, new={"code": periode.code})
    return periode
