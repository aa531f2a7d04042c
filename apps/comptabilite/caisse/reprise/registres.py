"""What the books already know of the paper, asked once for a whole file: nothing is asked row by row."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import FichierPapier, IssueLigne
from apps.comptabilite.caisse.models import Caisse, LigneReprise, PaiementCarte, PaiementMobile, RefusReprise
from apps.comptabilite.caisse.reprise.lecture import Lecture
from apps.comptabilite.caisse.reprise.papier import Encaissement, LigneDeRecette
from apps.comptabilite.grand_livre.constraints import PERIODE_CLOSE
from apps.comptabilite.grand_livre.models import Periode
from apps.hospital.identite import lire_nom, lire_prenom
from apps.hospital.models import Patient
from apps.hospital.selectors import MODELES_TARIF
from apps.organisations.models import Tenant, User

DEJA_ENTIER = "receipt-already-whole"
Reference = tuple[str, str, str]
"""Means, operator or terminal, number: what no two payments may share."""


@dataclass(frozen=True)
class DejaRepris:
    """A row taken over: by which import, into which invoice (and receipt) of ours."""

    reprise_id: uuid.UUID
    ligne: int
    facture_id: uuid.UUID
    document: str


@dataclass
class RecuRepris:
    """A paper receipt that has invoices: its day, and what is still due on each, in the order of their issue.

    `premiere` is the import that first took it over, `ajoutees` how many lines later ones added.
    """

    jour: date
    patient_numero: str
    premiere: uuid.UUID
    restes: dict[uuid.UUID, Decimal] = field(default_factory=dict)
    ajoutees: int = 0


@dataclass
class Registres:
    """The tenant's side of a control. `complements`: how many lines a receipt, taken over without them, may still receive."""

    tenant: Tenant
    deja: dict[str, DejaRepris]
    recus: dict[str, RecuRepris]
    complements: dict[str, int]
    periodes: list[Periode]
    patients: dict[str, Patient]
    caisses: dict[str, uuid.UUID]
    caissiers: dict[str, uuid.UUID]
    references: dict[Reference, str]
    tarifs: dict[str, list[tuple[date, date | None]]]

    def faute_de_periode(self, jour: date) -> tuple[str, str] | None:
        """Return (sentence, code) when nothing can be posted on `jour`: its period is closed, or there is none."""
        periode = next((p for p in self.periodes if p.debut <= jour <= p.fin), None)
        if periode is None:
            message = _("Aucun exercice comptable n’est ouvert au %s : ouvrez-le d’abord.")
            return message % f"{jour:%d/%m/%Y}", "period-missing"
        if not periode.est_ouverte:
            return PERIODE_CLOSE % {"code": periode.code, "qui": periode.fermee_par or "—"}, "period-closed"
        return None


def consulter(lecture: Lecture, tenant: Tenant) -> Registres:
    """Return what the books know of the receipts, people, tills, references and prices of `lecture`, in scope."""
    lignes = [ligne for groupe in lecture.recettes.values() for ligne in groupe]
    paiements = [paiement for groupe in lecture.encaissements.values() for paiement in groupe]
    numeros = lecture.recettes.keys() | lecture.encaissements.keys()
    deja, recus = _repris(numeros)
    return Registres(
        tenant=tenant,
        deja=deja,
        recus=recus,
        complements=_complements(recus),
        periodes=list(Periode.objects.order_by("debut")),
        patients={p.numero: p for p in Patient.objects.filter(numero__in={x.patient_numero for x in lignes})},
        caisses=dict(Caisse.objects.values_list("code", "pk")),
        caissiers=caissiers_connus(tenant, {x.caissier for x in (*lignes, *paiements)}),
        references=_references(paiements),
        tarifs=_tarifs({ligne.code for ligne in lignes}),
    )


def caissiers_connus(tenant: Tenant, identifiants: Collection[str]) -> dict[str, uuid.UUID]:
    """Return the accounts `identifiant@slug` of this tenant that exist, by the name on the paper."""
    suffixe = f"@{tenant.slug}"
    comptes = User.objects.filter(username__in={f"{nom}{suffixe}" for nom in identifiants})
    return {nom.removesuffix(suffixe): cle for nom, cle in comptes.values_list("username", "pk")}


def _repris(numeros: Collection[str]) -> tuple[dict[str, DejaRepris], dict[str, RecuRepris]]:
    deja: dict[str, DejaRepris] = {}
    recus: dict[str, RecuRepris] = {}
    lignes = (
        LigneReprise.objects.filter(recu__in=numeros)
        .select_related("facture__invoice", "facture__session__patient", "quittance")
        .defer("donnees", "quittance__donnees")
        .order_by("pk")
    )
    for ligne in lignes:
        invoice = ligne.facture.invoice
        document = ligne.quittance.numero_quittance if ligne.quittance else invoice.invoice_number
        deja[ligne.empreinte] = DejaRepris(ligne.reprise_id, ligne.ligne, ligne.facture_id, document)
        patient = ligne.facture.session.patient.numero
        recu = recus.setdefault(ligne.recu, RecuRepris(invoice.issue_date, patient, ligne.reprise_id))
        recu.restes[ligne.facture_id] = invoice.balance_due
        recu.ajoutees += ligne.fichier == FichierPapier.RECETTES and ligne.reprise_id != recu.premiere
    return deja, recus


def _complements(recus: dict[str, RecuRepris]) -> dict[str, int]:
    """Return how many lines each receipt may still receive: those that its first import refused, less those added since."""
    permises: dict[str, int] = {}
    refus = RefusReprise.objects.filter(recu__in=recus, fichier=FichierPapier.RECETTES, issue=IssueLigne.REFUSEE)
    for recu, reprise_id, code in refus.values_list("recu", "reprise_id", "code"):
        if reprise_id == recus[recu].premiere and code != DEJA_ENTIER:
            permises[recu] = permises.get(recu, -recus[recu].ajoutees) + 1
    return permises


def reference_de(paiement: Encaissement) -> Reference | None:
    """Return what makes a mobile or card payment unique in the tenant; None for other means."""
    if paiement.mode == "MOBILE":
        return ("MOBILE", paiement.detail.upper(), paiement.reference)
    if paiement.mode == "CARTE":
        return ("CARTE", paiement.detail, paiement.reference)
    return None


def _references(paiements: Iterable[Encaissement]) -> dict[Reference, str]:
    """Return the references of the file that were collected already, with their receipt's number."""
    numeros = {paiement.reference for paiement in paiements if reference_de(paiement)}
    mobiles = PaiementMobile.objects.filter(reference_transaction__in=numeros).values_list(
        "operateur", "reference_transaction", "paiement__quittance__numero_quittance"
    )
    cartes = PaiementCarte.objects.filter(reference_transaction__in=numeros).values_list(
        "terminal_id", "reference_transaction", "paiement__quittance__numero_quittance"
    )
    return {("MOBILE", operateur, reference): numero for operateur, reference, numero in mobiles} | {
        ("CARTE", terminal, reference): numero for terminal, reference, numero in cartes
    }


def _tarifs(codes: Collection[str]) -> dict[str, list[tuple[date, date | None]]]:
    periodes: dict[str, list[tuple[date, date | None]]] = defaultdict(list)
    for modele in MODELES_TARIF:
        for tarif in modele.objects.filter(code__in=codes).only("code", "valide_du", "valide_au"):
            if not tarif.jamais_applique:
                periodes[tarif.code].append((tarif.valide_du, tarif.valide_au))
    return dict(periodes)


def patient_de(ligne: LigneDeRecette) -> tuple[str, str]:
    """Return the names of the paper as hospital would keep them."""
    return lire_nom(ligne.patient_nom), lire_prenom(ligne.patient_prenom)
