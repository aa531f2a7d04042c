"""Three real days of a paper till, taken over as any other, but moved so that they end yesterday.

Only the sessions differ: the demonstration's tills have a float and a count that agrees, so that
whoever looks at them sees a till's whole day.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from apps.comptabilite.caisse.choices import FichierPapier, OrigineReprise, StatutReprise, StatutSession
from apps.comptabilite.caisse.models import RepriseCaisse, SessionCaisse
from apps.comptabilite.caisse.reprise.ecriture import Sessions
from apps.comptabilite.caisse.reprise.execution import REPRISE, controler_reprise, examiner, executer, seul
from apps.comptabilite.caisse.reprise.fichiers import empreinte, lire_papier
from apps.comptabilite.caisse.reprise.lecture import Lecture, Regles, lire
from apps.comptabilite.caisse.selectors import especes_attendues
from apps.comptabilite.caisse.services.conduire_reprise import lancer_reprise
from apps.comptabilite.caisse.services.deposer_reprise import deposer_reprise
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.clock import local_now
from apps.socle.models import IdempotencyKey
from apps.socle.progress import count, counted
from apps.socle.scope import scope

ICI = Path(__file__).resolve().parent
RECETTES, ENCAISSEMENTS = ICI / "recettes.csv", ICI / "encaissements.csv"
DEVISE = "XAF"
TOUJOURS = datetime(9999, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The demonstration is of any day: none of its dates is a future."""
FONDS = Decimal(50_000)
OUVERTURE, FERMETURE = time(6, 45), time(18, 30)
ANCIENNE_ROUTE = "reprise"
"""Under which the demonstration of earlier versions kept its keys: what they loaded is not loaded again."""


class SessionsAvecFonds(Sessions):
    """Tills of the demonstration: opened with a float in the morning, counted in the evening."""

    def ouvrir(self, caisse_id: uuid.UUID, caissier_id: uuid.UUID, moment: datetime, acteur: Acteur) -> SessionCaisse:
        """Return the session that a load cut off left open, or a new one with its float."""
        laissee = next(
            (x for x in self.laissees() if x.caisse_id == caisse_id and self._jour(x) == self._le(moment)), None
        )
        return laissee or ouvrir_session_caisse(
            caisse_id=caisse_id, fonds=FONDS, acteur=acteur, caissier_id=caissier_id, le=self._a(moment, OUVERTURE)
        )

    def laissees(self) -> Iterable[SessionCaisse]:
        """Return the open sessions of past days: today's are people's."""
        debut = datetime.combine(local_now(str(self.fuseau)).date(), time.min, tzinfo=self.fuseau)
        return SessionCaisse.objects.filter(statut=StatutSession.OUVERTE, ouverte_le__lt=debut)

    def fermer(self, session: SessionCaisse, dernier: datetime, acteur: Acteur) -> None:
        """Close with a count that agrees."""
        le = max(dernier, self._a(session.ouverte_le, FERMETURE))
        fermer_session_caisse(session_caisse_id=session.id, compte=especes_attendues(session), acteur=acteur, le=le)

    def _le(self, moment: datetime) -> date:
        return moment.astimezone(self.fuseau).date()

    def _jour(self, session: SessionCaisse) -> date:
        return self._le(session.ouverte_le)

    def _a(self, moment: datetime, heure: time) -> datetime:
        return datetime.combine(self._le(moment), heure, tzinfo=self.fuseau)


def lire_trois_jours() -> Lecture:
    """Return what the demonstration's files say, at the paper's own dates."""
    regles = Regles(DEVISE, TOUJOURS)
    recettes = lire_papier(FichierPapier.RECETTES, RECETTES.read_bytes())
    return lire(recettes, lire_papier(FichierPapier.ENCAISSEMENTS, ENCAISSEMENTS.read_bytes()), regles)


def decaler(lecture: Lecture, decalage: timedelta) -> Lecture:
    """Return the same days, moved."""
    return Lecture(
        {n: [replace(x, date_heure=x.date_heure + decalage) for x in lignes] for n, lignes in lecture.recettes.items()},
        {n: [replace(x, date_heure=x.date_heure + decalage) for x in xs] for n, xs in lecture.encaissements.items()},
        lecture.refus,
    )


def reprendre(tenant: Tenant, lecture: Lecture, dire: Callable[[str], None] = lambda texte: None) -> None:
    """Take the days over, once: cut off and called again it goes on, finished it adds nothing."""
    with scope(tenant.id):
        reprise = _document(tenant, lecture)
    if reprise is None:
        return
    with seul(tenant.id):
        executer(
            tenant,
            reprise.id,
            lecture,
            lambda faits, total: dire(f"{counted(faits, 'passage repris', 'passages repris')} sur {count(total)}"),
            lambda document: SessionsAvecFonds(document, tenant),
        )


def _document(tenant: Tenant, lecture: Lecture) -> RepriseCaisse | None:
    """Return the document EN_COURS of the demonstration, or None when its days are loaded already."""
    recettes, encaissements = RECETTES.read_bytes(), ENCAISSEMENTS.read_bytes()
    finie = RepriseCaisse.objects.filter(statut=StatutReprise.TERMINEE, empreinte_recettes=empreinte(recettes)).exists()
    if finie or IdempotencyKey.objects.filter(route=ANCIENNE_ROUTE).exists():
        return None
    reprise = deposer_reprise(
        recettes=recettes,
        encaissements=encaissements,
        nom_recettes=RECETTES.name,
        nom_encaissements=ENCAISSEMENTS.name,
        origine=OrigineReprise.COMMANDE,
        acteur=REPRISE,
    )
    if reprise.statut == StatutReprise.DEPOSEE:
        controler_reprise(reprise=reprise, examen=examiner(tenant, lecture, reprise.id), acteur=REPRISE)
    if reprise.statut != StatutReprise.EN_COURS:
        reprise = lancer_reprise(reprise_id=reprise.id, acteur=REPRISE)
    return reprise
