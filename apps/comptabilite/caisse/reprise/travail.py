"""The job of a takeover handed over at the screen: a worker controls it, then runs it once a person has said so.

The document is the job; the broker only knocks. A worker that dies leaves it as it stands, and
beat knocks again; two workers at once, and one goes away. What fails three times in a row without
taking over a single visit stops and waits for a person.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import OrigineReprise, StatutReprise
from apps.comptabilite.caisse.models import RepriseCaisse
from apps.comptabilite.caisse.reprise.ecriture import Arretee
from apps.comptabilite.caisse.reprise.execution import (
    REPRISE,
    DejaEnCours,
    contenus_gardes,
    controler_reprise,
    examiner,
    executer,
    lire_contenus,
    seul,
)
from apps.comptabilite.caisse.services.conduire_reprise import abandonner_reprise, arreter_reprise
from apps.organisations.models import Tenant
from apps.socle.clock import now
from apps.socle.language import document_language
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope

logger = logging.getLogger(__name__)
ESSAIS = 3
SILENCE = timedelta(minutes=1)
"""A batch takes a second: a document silent for longer has lost its worker, or never had one."""
A_CONDUIRE = (StatutReprise.DEPOSEE, StatutReprise.EN_COURS)


def conduire(tenant_id: uuid.UUID, reprise_id: uuid.UUID) -> None:
    """Do the next step of a takeover: its control, or its run to the end. Safe to call twice, or at once."""
    if not TenantRegistry.objects.filter(tenant_id=tenant_id, is_active=True).exists():
        return
    try:
        with seul(tenant_id):
            _une_etape(tenant_id, reprise_id)
    except DejaEnCours:
        return
    except Arretee:
        return
    except Exception as erreur:
        logger.exception("takeover %s failed", reprise_id)
        _echouer(tenant_id, reprise_id, type(erreur).__name__)


def _une_etape(tenant_id: uuid.UUID, reprise_id: uuid.UUID) -> None:
    with scope(tenant_id):
        reprise = RepriseCaisse.objects.filter(pk=reprise_id).first()
        if reprise is None or reprise.statut not in A_CONDUIRE:
            return
        tenant = Tenant.objects.get(pk=tenant_id)
        lecture = lire_contenus(tenant, contenus_gardes(reprise))
        if reprise.statut == StatutReprise.DEPOSEE:
            controler_reprise(reprise=reprise, examen=examiner(tenant, lecture, reprise.id), acteur=REPRISE)
            return
    executer(tenant, reprise_id, lecture)


@document_language()
def _echouer(tenant_id: uuid.UUID, reprise_id: uuid.UUID, nature: str) -> None:
    """Count a failure; the third in a row stops the run, or gives the control up. The log holds the rest."""
    with scope(tenant_id):
        reprise = RepriseCaisse.objects.get(pk=reprise_id)
        reprise.essais += 1
        reprise.save(update_fields=["essais"])
        if reprise.essais < ESSAIS:
            return
        erreur = _("Erreur interne (%s), trois fois de suite : prévenez l’administrateur.") % nature
        if reprise.statut == StatutReprise.EN_COURS:
            arreter_reprise(reprise_id=reprise_id, acteur=REPRISE, erreur=erreur)
        elif reprise.statut == StatutReprise.DEPOSEE:
            abandonner_reprise(reprise_id=reprise_id, acteur=REPRISE, erreur=erreur)


def laissees() -> list[uuid.UUID]:
    """Return the takeovers of the tenant in scope that a worker should take up: handed over or running, and silent."""
    avant = now() - SILENCE
    silencieuses = Q(battement__lt=avant) | Q(battement=None, deposee_le__lt=avant)
    reprises = RepriseCaisse.objects.filter(silencieuses, origine=OrigineReprise.ECRAN, statut__in=A_CONDUIRE)
    return list(reprises.values_list("pk", flat=True))
