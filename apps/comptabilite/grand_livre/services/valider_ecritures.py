"""Validation: an entry takes its number and is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.grand_livre.transitions import ECRITURE, VALIDEE
from apps.socle.actors import Acteur, ActorKind
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.scope import require_scope


@command
def valider_ecritures(*, ids: Sequence[UUID], acteur: Acteur) -> list[str]:
    """Number and freeze the entries `ids`, in order of date then of posting; return their numbers.

    All or none; the database takes the numbers and the moment. Who caused an entry does not validate it; what the system or a takeover caused, any
    accountant may. Raises BusinessError for an empty selection or an unknown entry, Conflict when one is
    already validated, NotAllowed for one's own.
    """
    if not acteur.is_person:
        raise NotAllowed(_("Une écriture se valide par une personne."), code="person-required")
    ecritures = list(Ecriture.objects.filter(id__in=ids).select_related("comptable").order_by("date_ecriture", "id"))
    _verifier(ecritures, set(ids), acteur)
    with connection.cursor() as cursor:
        cursor.execute(
            "select ecriture, numero from comptabilite_valider(%s, %s::uuid[], %s)",
            [require_scope(), [e.id for e in ecritures], acteur.id],
        )
        numeros = dict(cursor.fetchall())
    if len(numeros) != len(ecritures):
        raise Conflict(_("Une de ces écritures vient de changer d’état."), code="transition-refused")
    for ecriture in ecritures:
        new = {"statut": VALIDEE, "numero_ecriture": numeros[ecriture.id]}
        record("ecriture_validee", ecriture, acteur, new=new)
    return [numeros[ecriture.id] for ecriture in ecritures]


def _verifier(ecritures: list[Ecriture], demandees: set[UUID], acteur: Acteur) -> None:
    if not demandees:
        raise BusinessError(_("Choisissez au moins une écriture."), code="nothing-selected", field="ecritures")
    if manque := len(demandees) - len(ecritures):
        raise BusinessError(
            ngettext("%d écriture est introuvable.", "%d écritures sont introuvables.", manque) % manque,
            code="entry-not-found",
            field="ecritures",
        )
    for ecriture in ecritures:
        auteur = ecriture.auteur_id if ecriture.auteur_type == ActorKind.USER else None
        ECRITURE.check("valider", ecriture, acteur, issuer_id=auteur, already=lambda e=ecriture: _deja(e))


def _deja(ecriture: Ecriture) -> str:
    return _("L’écriture « %(libelle)s » est déjà validée par %(qui)s.") % {
        "libelle": ecriture.libelle,
        "qui": ecriture.comptable.full_name if ecriture.comptable else "",
    }
