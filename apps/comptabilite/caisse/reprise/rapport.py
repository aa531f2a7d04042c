"""What is said of a takeover: its refused rows, as rows of ours and as a file; and what it adds up to."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.comptabilite.caisse.choices import FichierPapier, IssueLigne
from apps.comptabilite.caisse.models import LigneReprise, RefusReprise, RepriseCaisse
from apps.comptabilite.caisse.reprise.controles import Controle
from apps.comptabilite.caisse.reprise.lecture import Lecture
from apps.comptabilite.caisse.reprise.papier import Refus
from apps.comptabilite.caisse.reprise.preparation import Manques
from apps.socle.money import plain
from apps.socle.screens.exports import BOM, cell

TITRES = (_("Fichier"), _("Ligne"), _("Issue"), _("Reçu papier"), _("Colonne"), _("Valeur"), _("Motif"))
Somme = tuple[str, str, date, Decimal]
"""File, type of revenue or means, day, amount in the tenant's currency."""


def noter(reprise: RepriseCaisse, refus: Iterable[Refus]) -> None:
    """Write rows of the report; what was said of a row first stays."""
    RefusReprise.objects.bulk_create(
        (
            RefusReprise(
                tenant_id=reprise.tenant_id,
                reprise_id=reprise.pk,
                fichier=x.fichier,
                ligne=x.ligne,
                issue=x.issue,
                recu=x.recu,
                colonne=x.colonne,
                valeur=x.valeur,
                motif=x.motif,
                code=x.code,
            )
            for x in refus
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )


def recommencer_le_rapport(reprise: RepriseCaisse, refus: Iterable[Refus]) -> None:
    """Put the report of a new control in the place of the last one's."""
    RefusReprise.objects.filter(reprise=reprise).delete()
    noter(reprise, refus)


def rangees_du_rapport(
    refus: Iterable[RefusReprise | Refus], reprise: RepriseCaisse | None = None
) -> Iterator[list[Any]]:
    """Yield the cells of the report, one row a row of the paper; the file by its own name where it is known."""
    noms = {} if reprise is None else {
        FichierPapier.RECETTES.value: reprise.nom_recettes,
        FichierPapier.ENCAISSEMENTS.value: reprise.nom_encaissements,
    }  # fmt: skip
    for x in refus:
        fichier = noms.get(str(x.fichier)) or FichierPapier(x.fichier).label
        yield [str(fichier), x.ligne, str(IssueLigne(x.issue).label), x.recu, x.colonne, x.valeur, x.motif]


def rapport_csv(refus: Iterable[RefusReprise | Refus], reprise: RepriseCaisse | None = None) -> str:
    """Return the report as a file: `;`, a byte order mark, formulas neutralised."""
    texte = StringIO()
    ecrivain = csv.writer(texte, delimiter=";")
    ecrivain.writerow([cell(str(titre)) for titre in TITRES])
    ecrivain.writerows([cell(valeur) for valeur in rangee] for rangee in rangees_du_rapport(refus, reprise))
    return BOM + texte.getvalue()


def apercu(lecture: Lecture, controle: Controle, manque: Manques) -> dict[str, Any]:
    """Return what a control found, as the document keeps it: nothing of it is written yet."""
    passages = controle.passages
    rangees = [
        *((FichierPapier.RECETTES.value, x.type_recette, x.jour, x.montant) for p in passages for x in p.lignes),
        *((FichierPapier.ENCAISSEMENTS.value, x.mode, x.jour, x.montant) for p in passages for x in p.paiements),
    ]
    return {
        **additionner(rangees, controle.refus),
        "recus": len({passage.recu for passage in passages if passage.lignes}),
        "passages": len(passages),
        "caisses": list(manque.caisses),
        "caissiers": list(manque.caissiers),
        "patients": len(manque.patients),
        "tarifs": [ligne.code for ligne in manque.tarifs],
    }


def bilan(reprise: RepriseCaisse) -> dict[str, Any]:
    """Return what the takeover wrote, added up from its own rows."""
    lignes = LigneReprise.objects.filter(reprise=reprise)
    refus = [
        Refus(FichierPapier(fichier), ligne, "", "", "", issue=IssueLigne(issue))
        for fichier, ligne, issue in reprise.refus.values_list("fichier", "ligne", "issue")
    ]
    return {
        **additionner(lignes.values_list("fichier", "genre", "jour", "montant"), refus),
        "recus": lignes.filter(fichier=FichierPapier.RECETTES).values("facture").distinct().count(),
        "quittances": lignes.exclude(quittance=None).values("quittance").distinct().count(),
    }


def additionner(rangees: Iterable[Somme], refus: Sequence[Refus]) -> dict[str, Any]:
    """Return counts by file and outcome, invoiced by type, paid by means and by day; amounts as text."""
    comptes: dict[str, Counter[str]] = defaultdict(Counter)
    sommes: dict[str, dict[str, Decimal]] = {nom: defaultdict(Decimal) for nom in ("par_type", "par_mode", "par_jour")}
    for fichier, genre, jour, montant in rangees:
        comptes[fichier]["reprises"] += 1
        if fichier == FichierPapier.RECETTES:
            sommes["par_type"][genre] += montant
        else:
            sommes["par_mode"][genre] += montant
            sommes["par_jour"][jour.isoformat()] += montant
    for x in refus:
        comptes[x.fichier.value][_COMPTES[x.issue]] += 1
    noms = ("reprises", *_COMPTES.values())
    return {
        **{fichier.lower(): {nom: comptes[fichier][nom] for nom in noms} for fichier in FichierPapier.values},
        "facture": plain(sum(sommes["par_type"].values(), Decimal(0))),
        "encaisse": plain(sum(sommes["par_mode"].values(), Decimal(0))),
        **{nom: {cle: plain(x) for cle, x in sorted(groupe.items())} for nom, groupe in sommes.items()},
    }


_COMPTES = {IssueLigne.REFUSEE: "refusees", IssueLigne.DEJA_REPRISE: "deja", IssueLigne.SIGNALEE: "signalees"}
