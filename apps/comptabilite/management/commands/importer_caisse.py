"""`importer_caisse`: take a paper till over, through the same services as the screens."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.comptabilite.caisse.choices import IssueLigne, OrigineReprise, StatutReprise
from apps.comptabilite.caisse.models import RefusReprise, RepriseCaisse
from apps.comptabilite.caisse.reprise.ecriture import Arretee
from apps.comptabilite.caisse.reprise.execution import (
    REPRISE,
    Contenus,
    Examen,
    controler_reprise,
    examiner,
    executer,
    lire_contenus,
    seul,
)
from apps.comptabilite.caisse.reprise.fichiers import TAILLE_MAXIMUM
from apps.comptabilite.caisse.reprise.lecture import Lecture
from apps.comptabilite.caisse.reprise.papier import Refus
from apps.comptabilite.caisse.reprise.rapport import rapport_csv
from apps.comptabilite.caisse.services.conduire_reprise import arreter_reprise, lancer_reprise
from apps.comptabilite.caisse.services.deposer_reprise import deposer_reprise
from apps.organisations.models import Tenant
from apps.socle.launch.errors import cause
from apps.socle.management.base import HouseCommand, NotDone, NotWhole, house, refuse_unwritable
from apps.socle.money import format_amount
from apps.socle.progress import ProgressLine, count, counted
from apps.socle.scope import scope

MONTREES = 30
PATIENCE = 5.0
"""Seconds that a run waits for the end of one just killed."""


class Command(HouseCommand):
    help = (
        "Reprend une caisse papier (recettes.csv, encaissements.csv) dans l’établissement --tenant. "
        "Interrompue et relancée, elle continue sans rien doubler. --simuler dit ce qui serait fait et n’écrit rien. "
        "Statut de sortie : 0 tout est repris, 1 des lignes sont refusées, 2 rien n’a pu être fait ou jusqu’au bout."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recettes", type=Path, help="une ligne par acte : recettes.csv")
        parser.add_argument("encaissements", type=Path, help="une ligne par paiement : encaissements.csv")
        parser.add_argument("--tenant", required=True, help="l’identifiant de l’établissement dans ses adresses")
        parser.add_argument("--simuler", action="store_true", help="contrôle tout, n’écrit rien")
        parser.add_argument("--rapport", type=Path, help="où écrire le rapport des lignes refusées (CSV)")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = _tenant(options["tenant"])
        contenus = _lire(options["recettes"]), _lire(options["encaissements"])
        noms = options["recettes"].name, options["encaissements"].name
        rapport = options["rapport"]
        refuse_unwritable(rapport or _dossier_des_rapports() / ".essai")
        if options["simuler"]:
            self._simuler(tenant, contenus, rapport)
        else:
            with seul(tenant.id, PATIENCE):
                self._reprendre(tenant, contenus, noms, rapport)

    def _simuler(self, tenant: Tenant, contenus: Contenus, rapport: Path | None) -> None:
        with scope(tenant.id):
            examen = examiner(tenant, lire_contenus(tenant, contenus))
        self.stdout.write("Simulation : rien n’est écrit. Serait fait :")
        self._annoncer(examen)
        self._dire_chiffres(examen.apercu, tenant)
        self._dire_refus(examen.controle.refus)
        if rapport:
            self._ecrire(rapport, rapport_csv(examen.controle.refus))
        _refuser_s_il_en_reste(examen.apercu, "Des lignes seraient refusées")

    def _reprendre(self, tenant: Tenant, contenus: Contenus, noms: tuple[str, str], rapport: Path | None) -> None:
        lecture = lire_contenus(tenant, contenus)
        reprise = self._document(tenant, contenus, noms, lecture)
        ligne = ProgressLine(self.stderr, f"Reprise de {noms[0]}", "passages")
        try:
            reprise = executer(tenant, reprise.id, lecture, self._suivi(ligne))
        except KeyboardInterrupt:
            ligne.close()
            self._arreter(tenant, reprise, "Interrompue au clavier.")
            raise NotDone("Interrompue : la même commande reprendra où elle s’est arrêtée.") from None
        except Arretee as erreur:
            raise NotDone(str(erreur)) from erreur
        except Exception as erreur:
            self._arreter(tenant, reprise, f"Erreur interne ({type(erreur).__name__}).")
            raise
        finally:
            ligne.close()
        self._conclure(tenant, reprise, rapport)

    def _suivi(self, ligne: ProgressLine) -> Callable[[int, int], None]:
        """Return what draws the progress of this run, what an earlier one did left out of its rate.

        A log reads it as a sentence each tenth of the way, since nothing is drawn in place there.
        """
        debut, dits, avant = time.monotonic(), {0}, []

        def suivre(faits: int, total: int) -> None:
            avant.append(faits)
            ici, en_tout = faits - avant[0], total - avant[0]
            ligne(ici, en_tout)
            dixieme = 10 * ici // en_tout if en_tout else 0
            if not self.stderr.isatty() and dixieme not in dits:
                dits.add(dixieme)
                self.stdout.write(ligne.text(ici, en_tout, time.monotonic() - debut))
                self.stdout.flush()

        return suivre

    def _document(self, tenant: Tenant, contenus: Contenus, noms: tuple[str, str], lecture: Lecture) -> RepriseCaisse:
        """Return the document EN_COURS of these files: a new one, or the one that was cut off."""
        with scope(tenant.id):
            reprise = deposer_reprise(
                recettes=contenus[0],
                encaissements=contenus[1],
                nom_recettes=noms[0],
                nom_encaissements=noms[1],
                origine=OrigineReprise.COMMANDE,
                acteur=REPRISE,
            )
            if reprise.statut == StatutReprise.DEPOSEE:
                examen = examiner(tenant, lecture, reprise.id)
                self._annoncer(examen)
                reprise = controler_reprise(reprise=reprise, examen=examen, acteur=REPRISE)
            else:
                self.stdout.write(f"Suite de la reprise du {reprise.deposee_le:%d/%m/%Y %H:%M} UTC.")
            if reprise.statut != StatutReprise.EN_COURS:
                reprise = lancer_reprise(reprise_id=reprise.id, acteur=REPRISE)
            return reprise

    def _arreter(self, tenant: Tenant, reprise: RepriseCaisse, erreur: str) -> None:
        with scope(tenant.id):
            arreter_reprise(reprise_id=reprise.id, acteur=REPRISE, erreur=erreur)

    def _conclure(self, tenant: Tenant, reprise: RepriseCaisse, rapport: Path | None) -> None:
        with scope(tenant.id):
            refus = list(RefusReprise.objects.filter(reprise=reprise).order_by("-fichier", "ligne"))
        self.stdout.write("Reprise terminée.")
        self._dire_chiffres(reprise.bilan or {}, tenant)
        self._dire_refus(refus)
        if refus:
            chemin = rapport or _rapport_par_defaut(tenant, reprise)
            self._ecrire(chemin, rapport_csv(refus, reprise))
        _refuser_s_il_en_reste(reprise.bilan or {}, "Des lignes sont refusées")

    def _ecrire(self, chemin: Path, texte: str) -> None:
        """Write the report; a disk that is full by now changes nothing of what was taken over."""
        try:
            chemin.write_text(texte, encoding="utf-8")
        except OSError as erreur:
            raise NotWhole(
                f"{chemin} : le rapport ne peut pas être écrit ({cause(erreur)}) ; l’écran de la reprise le donne."
            ) from erreur
        self.stdout.write(f"Rapport : {chemin}")

    def _annoncer(self, examen: Examen) -> None:
        manque = examen.manque
        for quoi, noms in (("Caisses à créer", manque.caisses), ("Caissiers à créer, inactifs", manque.caissiers)):
            if noms:
                self.stdout.write(f"{quoi} : {', '.join(noms)}")
        if manque.patients:
            self.stdout.write(f"Patients à enregistrer : {count(len(manque.patients))}")
        if manque.tarifs:
            self.stdout.write(f"Tarifs à poser : {', '.join(ligne.code for ligne in manque.tarifs)}")

    def _dire_chiffres(self, chiffres: Any, tenant: Tenant) -> None:
        def somme(texte: str) -> str:
            return format_amount(Decimal(texte), tenant.currency)

        for nom, titre in (("recettes", "Recettes"), ("encaissements", "Encaissements")):
            n = chiffres[nom]
            self.stdout.write(
                f"{titre}, lignes : {counted(n['reprises'], 'reprise', 'reprises')},"
                f" {counted(n['refusees'], 'refusée', 'refusées')}, {counted(n['deja'], 'déjà reprise', 'déjà reprises')}"
            )
        self.stdout.write(f"Facturé : {somme(chiffres['facture'])} · encaissé : {somme(chiffres['encaisse'])}")
        for nom in ("par_type", "par_mode"):
            self.stdout.write("  " + ", ".join(f"{cle} {somme(x)}" for cle, x in chiffres[nom].items()))
        for jour, x in chiffres["par_jour"].items():
            self.stdout.write(f"  {date.fromisoformat(jour):%d/%m/%Y} : {somme(x)}")

    def _dire_refus(self, refus: Iterable[Refus | RefusReprise]) -> None:
        liste = list(refus)
        for x in liste[:MONTREES]:
            colonne = f", {x.colonne}" if x.colonne else ""
            issue = "" if x.issue == IssueLigne.REFUSEE else f"[{IssueLigne(x.issue).label}] "
            self.stdout.write(f"  {str(x.fichier).lower()}, ligne {x.ligne}{colonne} : {issue}{x.motif}")
        if len(liste) > MONTREES:
            reste = counted(len(liste) - MONTREES, "autre ligne", "autres lignes")
            self.stdout.write(f"  … et {reste}, dans le rapport.")


def _tenant(slug: str) -> Tenant:
    connu = house(slug)
    if not connu.is_active:
        raise NotDone(f"L’établissement « {slug} » est fermé.")
    with scope(connu.tenant_id):
        return Tenant.objects.get(pk=connu.tenant_id)


def _lire(chemin: Path) -> bytes:
    try:
        with chemin.open("rb") as fichier:
            return fichier.read(TAILLE_MAXIMUM + 1)
    except OSError as erreur:
        raise NotDone(f"{chemin} : ce fichier ne se lit pas ({cause(erreur)}).") from erreur


def _rapport_par_defaut(tenant: Tenant, reprise: RepriseCaisse) -> Path:
    return _dossier_des_rapports() / f"{tenant.slug}-{reprise.id}.csv"


def _dossier_des_rapports() -> Path:
    dossier = Path(settings.DATA_DIR) / "reprises"
    try:
        dossier.mkdir(parents=True, exist_ok=True)
    except OSError as erreur:
        raise NotDone(f"{dossier} : le rapport ne peut pas y être écrit ({cause(erreur)}).") from erreur
    return dossier


def _refuser_s_il_en_reste(chiffres: Any, phrase: str) -> None:
    """Raise NotWhole where a line is refused: the exit status says that the paper is not all in the books."""
    refusees = sum(chiffres[nom]["refusees"] for nom in ("recettes", "encaissements") if nom in chiffres)
    if refusees:
        raise NotWhole(f"{phrase} : {count(refusees)}.")
