"""Hand the two files of a paper till over."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import FichierPapier, OrigineReprise, StatutReprise
from apps.comptabilite.caisse.models import FichierReprise, RepriseCaisse
from apps.comptabilite.caisse.reprise.fichiers import empreinte, lire_papier, sans_numeros_de_carte
from apps.comptabilite.caisse.reprise.lecture import montrable
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.redaction import redact_text

NOM_MAXIMUM = 255
VIVES = (StatutReprise.DEPOSEE, StatutReprise.CONTROLEE, StatutReprise.EN_COURS, StatutReprise.ARRETEE)


@command
def deposer_reprise(
    *,
    recettes: bytes,
    encaissements: bytes,
    nom_recettes: str,
    nom_encaissements: str,
    origine: OrigineReprise,
    acteur: Acteur,
) -> RepriseCaisse:
    """Return the document of these files: a new one DEPOSEE, or the one that is not finished yet.

    A screen's files are kept until their takeover ends, without their card numbers; a terminal has
    its own. Raises FichierRefuse for what is no such file: then nothing is written.
    """
    contenus = {FichierPapier.RECETTES: recettes, FichierPapier.ENCAISSEMENTS: encaissements}
    for fichier, contenu in contenus.items():
        lire_papier(fichier, contenu)
    empreintes = {"empreinte_recettes": empreinte(recettes), "empreinte_encaissements": empreinte(encaissements)}
    vive = RepriseCaisse.objects.filter(origine=origine, statut__in=VIVES, **empreintes).first()
    if vive is not None:
        return vive
    reprise = RepriseCaisse(
        origine=origine,
        nom_recettes=_nom(nom_recettes),
        nom_encaissements=_nom(nom_encaissements),
        deposee_par_id=acteur.id,
        deposee_par_libelle=acteur.label,
        **empreintes,
    )
    reprise.save(force_insert=True)
    if origine == OrigineReprise.ECRAN:
        FichierReprise.objects.bulk_create(
            FichierReprise(
                tenant_id=reprise.tenant_id,
                reprise=reprise,
                fichier=fichier,
                contenu=sans_numeros_de_carte(fichier, contenu),
            )
            for fichier, contenu in contenus.items()
        )
    record("reprise_deposee", reprise, acteur, new=empreintes)
    return reprise


def _nom(nom: str) -> str:
    """Return a file's name as it may be shown: without its folders, and without a card number in it."""
    seul = redact_text(nom.replace("\\", "/").rsplit("/", 1)[-1])
    return montrable(seul, NOM_MAXIMUM) or _("(sans nom)")
