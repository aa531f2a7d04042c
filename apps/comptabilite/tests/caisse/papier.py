"""A paper till for tests: the shipped month, and small files written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.comptabilite.caisse.choices import FichierPapier, OrigineReprise
from apps.comptabilite.caisse.models import RepriseCaisse
from apps.comptabilite.caisse.reprise.execution import (
    REPRISE,
    Contenus,
    controler_reprise,
    examiner,
    executer,
    lire_contenus,
)
from apps.comptabilite.caisse.reprise.fichiers import COLONNES
from apps.comptabilite.caisse.services.conduire_reprise import lancer_reprise
from apps.comptabilite.caisse.services.deposer_reprise import deposer_reprise
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.scope import scope

MOIS = Path(settings.BASE_DIR) / "tests" / "data" / "caisse-2026-10"
DOUALA = ZoneInfo("Africa/Douala")
MAINTENANT = datetime(2026, 11, 20, 9, tzinfo=DOUALA)
TETE_R = ";".join(COLONNES[FichierPapier.RECETTES])
TETE_E = ";".join(COLONNES[FichierPapier.ENCAISSEMENTS])


def recette(recu: str = "P1", **autres: object) -> str:
    """A row of recettes.csv: a consultation of 5,000 unless told otherwise."""
    valeurs = {
        "recu_papier": recu, "date_heure": "2026-10-01T08:54", "caisse": "C1", "caissier": "amina.caisse",
        "patient_numero": "PAT-00001", "patient_nom": "Fotso", "patient_prenom": "Gaël", "patient_telephone": "699938475",
        "type_recette": "CONSULTATION", "code_acte": "CONS-GEN", "libelle": "Consultation générale", "quantite": 1,
        "prix_unitaire": 5000, **autres,
    }  # fmt: skip
    if "montant" not in valeurs:
        valeurs["montant"] = int(str(valeurs["quantite"])) * int(str(valeurs["prix_unitaire"]))
    return ";".join(str(valeurs[nom]) for nom in COLONNES[FichierPapier.RECETTES])


def encaissement(recu: str = "P1", montant: object = 5000, **autres: object) -> str:
    """A row of encaissements.csv: 5,000 in cash unless told otherwise."""
    valeurs = {
        "recu_papier": recu, "date_heure": "2026-10-01T08:56", "caisse": "C1", "caissier": "amina.caisse",
        "mode_paiement": "ESPECES", "montant": montant, "reference": "", "detail": "", "payeur": "", **autres,
    }  # fmt: skip
    return ";".join(str(valeurs[nom]) for nom in COLONNES[FichierPapier.ENCAISSEMENTS])


def mobile(recu: str = "P1", montant: object = 5000, reference: str = "MT1", **autres: object) -> str:
    return encaissement(
        recu, montant,
        **{"mode_paiement": "MOBILE", "reference": reference, "detail": "MTN", "payeur": "699112233", **autres},
    )  # fmt: skip


def papier(recettes: list[str], encaissements: list[str]) -> Contenus:
    """Both files from their rows."""
    return "\n".join([TETE_R, *recettes]).encode(), "\n".join([TETE_E, *encaissements]).encode()


def fichiers(recettes: str = "recettes.csv", encaissements: str = "encaissements.csv") -> Contenus:
    return (MOIS / recettes).read_bytes(), (MOIS / encaissements).read_bytes()


def premiers_recus(dernier: str = "P2610-00020") -> Contenus:
    """The shipped month up to one of its receipts."""

    def couper(contenu: bytes) -> bytes:
        lignes = contenu.decode().splitlines()
        return "\n".join([lignes[0], *(x for x in lignes[1:] if x.split(";")[0] <= dernier)]).encode()

    recettes, encaissements = fichiers()
    return couper(recettes), couper(encaissements)


def hopital() -> Tenant:
    """A hospital whose books are open on the paper's days."""
    return make_tenant(options={"premier_jour": date(2026, 10, 1)})


def deposer(tenant: Tenant, contenus: Contenus, origine: OrigineReprise = OrigineReprise.COMMANDE) -> RepriseCaisse:
    with scope(tenant.id):
        return deposer_reprise(
            recettes=contenus[0],
            encaissements=contenus[1],
            nom_recettes="recettes.csv",
            nom_encaissements="encaissements.csv",
            origine=origine,
            acteur=REPRISE,
        )


def reprendre(
    tenant: Tenant, contenus: Contenus, suivre: Callable[[int, int], None] = lambda faits, total: None
) -> RepriseCaisse:
    """Take the files over from the first step to the last, as the command does."""
    reprise = deposer(tenant, contenus)
    lecture = lire_contenus(tenant, contenus)
    with scope(tenant.id):
        if reprise.statut == "DEPOSEE":
            controler_reprise(reprise=reprise, examen=examiner(tenant, lecture, reprise.id), acteur=REPRISE)
        if reprise.statut != "EN_COURS":
            lancer_reprise(reprise_id=reprise.id, acteur=REPRISE)
    return executer(tenant, reprise.id, lecture, suivre)


def rapport(reprise: RepriseCaisse) -> list[tuple[str, int, str, str]]:
    """(file, line, column, code) of each row that the report speaks of, in its order."""
    with scope(reprise.tenant_id):
        refus = reprise.refus.order_by("-fichier", "ligne")
        return [(x.fichier, x.ligne, x.colonne, x.code) for x in refus]
