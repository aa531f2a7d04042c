"""A takeover from its document: controlled, run day by day, resumed where it was cut off, finished.

Whoever runs it (a terminal, a worker) holds a lock of the database session for the tenant: it goes
with the process, a `kill -9` included. Its progress stands in the document, written once a batch.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from django.db import connection
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import FichierPapier, StatutReprise
from apps.comptabilite.caisse.locks import reprise_verrouillee
from apps.comptabilite.caisse.models import FichierReprise, LigneReprise, RepriseCaisse
from apps.comptabilite.caisse.reprise import ecriture, rapport
from apps.comptabilite.caisse.reprise.controles import Controle, Passage, controler
from apps.comptabilite.caisse.reprise.fichiers import lire_papier
from apps.comptabilite.caisse.reprise.lecture import Lecture, Regles, lire
from apps.comptabilite.caisse.reprise.preparation import Manques, manques, preparer
from apps.comptabilite.caisse.reprise.registres import consulter
from apps.comptabilite.caisse.transitions import REPRISE_CAISSE
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur, takeover_actor
from apps.socle.audit import record
from apps.socle.clock import local_now, now
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.language import document_language
from apps.socle.scope import scope

REPRISE = takeover_actor("caisse papier")
"""Who takes over: named as such on every invoice, entry, movement and link."""
LOT = 50
"""Visits in one transaction: the tenant's tills wait for one batch, less than a second, never for a month."""
Suivre = Callable[[int, int], None]
Contenus = tuple[bytes, bytes]


class DejaEnCours(BusinessError):
    """Another process is running a takeover of this tenant."""


@dataclass(frozen=True)
class Examen:
    """A control with what it stands on."""

    lecture: Lecture
    controle: Controle
    manque: Manques

    @property
    def apercu(self) -> dict[str, object]:
        return rapport.apercu(self.lecture, self.controle, self.manque)


@document_language()
def lire_contenus(tenant: Tenant, contenus: Contenus) -> Lecture:
    """Return what two files say to `tenant`. Raises FichierRefuse."""
    recettes, encaissements = contenus
    regles = Regles(tenant.currency, local_now(tenant.time_zone).replace(tzinfo=None))
    return lire(
        lire_papier(FichierPapier.RECETTES, recettes),
        lire_papier(FichierPapier.ENCAISSEMENTS, encaissements),
        regles,
    )


@document_language()
def examiner(tenant: Tenant, lecture: Lecture, reprise_id: uuid.UUID | None = None) -> Examen:
    """Return what taking `lecture` over would do, in scope; nothing is written and nothing is locked."""
    registres = consulter(lecture, tenant)
    controle = controler(lecture, registres, reprise_id)
    return Examen(lecture, controle, manques(controle.passages, registres))


@command
def controler_reprise(*, reprise: RepriseCaisse, examen: Examen, acteur: Acteur) -> RepriseCaisse:
    """Write what the control found: the preview that a person reads before anything else happens. Raises Conflict."""
    REPRISE_CAISSE.check("controler", reprise, acteur)
    rapport.recommencer_le_rapport(reprise, examen.controle.refus)
    reprise.statut, reprise.apercu = StatutReprise.CONTROLEE, examen.apercu
    reprise.total, reprise.battement = len(examen.controle.passages), now()
    reprise.save(update_fields=["statut", "apercu", "total", "battement"])
    return reprise


def contenus_gardes(reprise: RepriseCaisse) -> Contenus:
    """Return the files that a screen handed over, in scope. Raises FichierReprise.DoesNotExist once they are gone."""
    gardes = {x.fichier: bytes(x.contenu) for x in FichierReprise.objects.filter(reprise=reprise)}
    if len(gardes) != len(FichierPapier.values):
        raise FichierReprise.DoesNotExist(reprise.pk)
    return gardes[FichierPapier.RECETTES], gardes[FichierPapier.ENCAISSEMENTS]


@contextmanager
def seul(tenant_id: uuid.UUID, patience: float = 0) -> Iterator[None]:
    """Hold the tenant's takeovers while the caller runs one. Raises DejaEnCours after `patience` seconds.

    A run just killed lets go as soon as its server process has noticed, hence a little patience.
    """
    cle = f"cauris-reprise|{tenant_id}"
    limite = time.monotonic() + patience
    while not _verrou("pg_try_advisory_lock", cle):
        if time.monotonic() >= limite:
            raise DejaEnCours(_("Une reprise est déjà en cours dans cet établissement."), code="takeover-running")
        time.sleep(0.2)
    try:
        yield
    finally:
        _verrou("pg_advisory_unlock", cle)


def _verrou(fonction: str, cle: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select {fonction}(hashtextextended(%s, 0))", [cle])
        return bool(cursor.fetchone()[0])


def executer(
    tenant: Tenant,
    reprise_id: uuid.UUID,
    lecture: Lecture,
    suivre: Suivre = lambda faits, total: None,
    sessions: Callable[[RepriseCaisse], ecriture.Sessions] | None = None,
) -> RepriseCaisse:
    """Take over what the document EN_COURS has not taken over yet, and finish it; one at a time a tenant (`seul`).

    `suivre` hears (visits done, visits in all) after each batch. Raises Arretee when somebody stops
    it, and whatever rises from the database: the batch in hand is then undone, those before stand.
    """
    with scope(tenant.id):
        reprise, examen = _reprendre_le_fil(tenant, reprise_id, lecture)
    passages = examen.controle.passages
    with scope(tenant.id):
        preparer(manque=examen.manque, tenant=tenant, acteur=REPRISE)
        atelier = ecriture.ouvrir_atelier(tenant, reprise, REPRISE, passages, sessions and sessions(reprise))
    suivre(reprise.faits, reprise.total)
    regard = reprise.faits + LOT
    for jour, groupe in groupby(passages, key=lambda passage: passage.jour):
        for lot in _lots(list(groupe)):
            with scope(tenant.id), document_language():
                ecriture.reprendre_lot(atelier, lot)
            suivre(reprise.faits, reprise.total)
            regard = _regarder(tenant, reprise, regard)
        with scope(tenant.id):
            ecriture.fermer_la_journee(atelier=atelier, jour=jour, acteur=REPRISE)
    with scope(tenant.id):
        ecriture.fermer_la_journee(atelier=atelier, jour=None, acteur=REPRISE)
        return terminer_reprise(reprise_id=reprise.id, acteur=REPRISE)


def _regarder(tenant: Tenant, reprise: RepriseCaisse, regard: int) -> int:
    """Let the planner look at what was written once `regard` visits are done; return when it should look again.

    In a new house its tables were empty a minute ago, and plans made for empty tables read them whole:
    a month took five times as long.
    """
    if reprise.faits < regard:
        return regard
    with scope(tenant.id), connection.cursor() as cursor:
        cursor.execute("select comptabilite_statistiques()")
    return reprise.faits * 2


def _lots(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    for debut in range(0, len(passages), LOT):
        yield passages[debut : debut + LOT]


def _reprendre_le_fil(tenant: Tenant, reprise_id: uuid.UUID, lecture: Lecture) -> tuple[RepriseCaisse, Examen]:
    """Control again, since the books have moved, and begin the session's clock."""
    reprise = RepriseCaisse.objects.get(pk=reprise_id)
    if reprise.statut != StatutReprise.EN_COURS:
        raise ecriture.Arretee(_("Cette reprise n’est pas en cours."), code="takeover-stopped")
    examen = examiner(tenant, lecture, reprise_id)
    rapport.recommencer_le_rapport(reprise, examen.controle.refus)
    siennes = LigneReprise.objects.filter(reprise=reprise).order_by()
    reprise.faits = reprise.seance_faits = siennes.values("recu", "jour").distinct().count()
    reprise.total = reprise.faits + len(examen.controle.passages)
    reprise.seance_debut = reprise.battement = now()
    reprise.save(update_fields=["faits", "seance_faits", "total", "seance_debut", "battement"])
    return reprise, examen


@command
def terminer_reprise(*, reprise_id: uuid.UUID, acteur: Acteur) -> RepriseCaisse:
    """Close the document: what was taken over, added up; the files are no longer kept. Raises Conflict."""
    reprise = reprise_verrouillee(reprise_id)
    REPRISE_CAISSE.check("terminer", reprise, acteur)
    reprise.statut, reprise.terminee_le, reprise.bilan = StatutReprise.TERMINEE, now(), rapport.bilan(reprise)
    reprise.battement, reprise.erreur, reprise.essais = reprise.terminee_le, "", 0
    reprise.save(update_fields=["statut", "terminee_le", "bilan", "battement", "erreur", "essais"])
    FichierReprise.objects.filter(reprise=reprise).delete()
    chiffres = {nom: reprise.bilan[nom] for nom in ("recus", "quittances", "facture", "encaisse")}
    record("reprise_terminee", reprise, acteur, new=chiffres)
    return reprise
