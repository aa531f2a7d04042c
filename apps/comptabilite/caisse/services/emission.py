"""Validation makes the legal invoice, whole and numbered; shared by a person's validation and a rule's."""

from __future__ import annotations

from datetime import datetime

from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.contexte import jour_local
from apps.comptabilite.caisse.historique import tracer
from apps.comptabilite.caisse.models import FactureCaisse, LigneFactureCaisse, RegleValidation
from apps.comptabilite.caisse.services.lignes import lignes_de
from apps.facturation.selectors import issued_lines
from apps.facturation.services.issue_invoice import LineToIssue, Party, issue_invoice
from apps.hospital.services import rattacher_aux_lignes
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.unit_of_work import update_later


def emettre(
    facture: FactureCaisse, *, tenant: Tenant, moment: datetime, acteur: Acteur, regle: RegleValidation | None = None
) -> None:
    """Issue the legal invoice of `facture` (locked, EN_ATTENTE) and make it VALIDEE; PAYEE when nothing is due.

    `acteur` is the accountant, the takeover actor, or SYSTEM with the `regle` that it applies.
    """
    lignes = lignes_de(facture)
    patient = facture.session.patient
    invoice = issue_invoice(
        tiers=patient.tiers,
        buyer=Party(name=patient.nom_complet, identifier=patient.numero),
        lines=[_ligne(ligne) for ligne in lignes],
        issue_date=jour_local(moment, tenant),
        acteur=acteur,
        external_id=facture.numero_travail,
        origin={"document": facture._meta.label, "id": str(facture.id), "numero": facture.numero_travail},
    )
    legales = issued_lines(invoice.pk)[: len(lignes)]  # a cash rounding has its own line after them
    couples = {ligne.prestation_id: legale.id for ligne, legale in zip(lignes, legales, strict=True)}
    rattacher_aux_lignes(lignes=couples, acteur=acteur)
    facture.invoice, facture.montant, facture.date_validation = invoice, invoice.total_ttc, moment
    facture.statut, facture.regle, facture.comptable_validateur_id = StatutFacture.VALIDEE, regle, acteur.id
    update_later(facture, "invoice", "montant", "date_validation", "statut", "regle", "comptable_validateur")
    tracer(facture, ActionFacture.VALIDER, acteur, ancien=StatutFacture.EN_ATTENTE)
    if invoice.is_zero:
        solder(facture, acteur)


def solder(facture: FactureCaisse, acteur: Acteur) -> None:
    """Make `facture` PAYEE: its legal invoice is paid whole, or worth nothing."""
    facture.statut = StatutFacture.PAYEE
    update_later(facture, "statut")
    tracer(facture, ActionFacture.SOLDER, acteur, ancien=StatutFacture.VALIDEE)


def _ligne(ligne: LigneFactureCaisse) -> LineToIssue:
    return LineToIssue(
        category=ligne.type_recette,
        code=ligne.code,
        description=ligne.libelle,
        quantity=ligne.quantite,
        unit_price=ligne.prix_unitaire,
        service_code=ligne.service_code,
    )
