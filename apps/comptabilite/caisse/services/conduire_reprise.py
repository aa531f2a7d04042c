"""Start, stop and give up a takeover."""

from __future__ import annotations

import uuid

from apps.comptabilite.caisse.choices import StatutReprise
from apps.comptabilite.caisse.locks import reprise_verrouillee
from apps.comptabilite.caisse.models import FichierReprise, RepriseCaisse
from apps.comptabilite.caisse.transitions import REPRISE_CAISSE
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command


@command
def lancer_reprise(*, reprise_id: uuid.UUID, acteur: Acteur) -> RepriseCaisse:
    """Let a runner take it up: after its control, or again after it was stopped. Raises Conflict, DoesNotExist."""
    reprise = reprise_verrouillee(reprise_id)
    REPRISE_CAISSE.check("lancer", reprise, acteur)
    reprise.statut, reprise.erreur, reprise.essais = StatutReprise.EN_COURS, "", 0
    reprise.battement = now()
    if reprise.lancee_le is None:
        reprise.lancee_le, reprise.lancee_par_id, reprise.lancee_par_libelle = (
            reprise.battement,
            acteur.id,
            acteur.label,
        )
    reprise.save(
        update_fields=["statut", "erreur", "essais", "battement", "lancee_le", "lancee_par_id", "lancee_par_libelle"]
    )
    record("reprise_lancee", reprise, acteur)
    return reprise


@command
def arreter_reprise(*, reprise_id: uuid.UUID, acteur: Acteur, erreur: str = "") -> RepriseCaisse:
    """Stop it after the batch in hand; what is taken over stands, the rest waits. Raises Conflict, DoesNotExist."""
    reprise = reprise_verrouillee(reprise_id)
    REPRISE_CAISSE.check("arreter", reprise, acteur)
    reprise.statut, reprise.erreur = StatutReprise.ARRETEE, erreur
    reprise.save(update_fields=["statut", "erreur"])
    record("reprise_arretee", reprise, acteur, new={"faits": reprise.faits, "total": reprise.total})
    return reprise


@command
def abandonner_reprise(*, reprise_id: uuid.UUID, acteur: Acteur, erreur: str = "") -> RepriseCaisse:
    """Give up before anything was taken over; the files are no longer kept. Raises Conflict, DoesNotExist."""
    reprise = reprise_verrouillee(reprise_id)
    REPRISE_CAISSE.check("abandonner", reprise, acteur)
    reprise.statut, reprise.erreur = StatutReprise.ABANDONNEE, erreur
    reprise.save(update_fields=["statut", "erreur"])
    FichierReprise.objects.filter(reprise=reprise).delete()
    record("reprise_abandonnee", reprise, acteur)
    return reprise
