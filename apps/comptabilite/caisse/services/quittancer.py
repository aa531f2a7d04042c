"""The receipt itself: number, payments, allocation, snapshot, fact. Shared by no door: `encaisser_facture` calls it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from apps.comptabilite.caisse.allocation import allouer
from apps.comptabilite.caisse.contexte import jour_local
from apps.comptabilite.caisse.facts import fait_quittance
from apps.comptabilite.caisse.instantane import donnees_de_quittance, sans_donnees_personnelles
from apps.comptabilite.caisse.models import (
    AllocationPaiement,
    FactureCaisse,
    PaiementQuittance,
    Quittance,
    SessionCaisse,
)
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.comptabilite.caisse.selectors import restes_par_ligne
from apps.comptabilite.caisse.services.paiements import enregistrer_paiement, somme
from apps.facturation.models import InvoiceLine
from apps.facturation.selectors import issued_lines
from apps.facturation.services.record_payment import record_payment
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.facts import publish
from apps.socle.money import plain
from apps.socle.numbering import next_number
from apps.socle.unit_of_work import insert_later

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing to confuse with 0 or 1


def nouveau_code() -> str:
    """Return a verification code of 60 random bits: « 7K3M-9F2P-XD41 »."""
    return "-".join("".join(secrets.choice(ALPHABET) for _rang in range(4)) for _groupe in range(3))


def quittancer(
    facture: FactureCaisse,
    session: SessionCaisse,
    saisis: Sequence[PaiementSaisi],
    *,
    tenant: Tenant,
    moment: datetime,
    acteur: Acteur,
    motif: str,
) -> Quittance:
    """Issue the receipt of `saisis` (checked, within what is due) on `facture` (locked, VALIDEE) at `session` (locked, open)."""
    jour = jour_local(moment, tenant)
    patient = facture.session.patient
    deja_regle = facture.invoice.amount_paid
    quittance = Quittance(
        tenant=tenant,
        numero_quittance=next_number(kind="QUIT", year=jour.year, past=acteur.is_takeover),
        facture=facture,
        session_caisse=session,
        session=facture.session,
        caissier=session.caissier,
        date_paiement=moment,
        montant_paye=somme(saisis),
        devise=facture.devise,
        motif=motif,
        code_verification=nouveau_code(),
    )
    paiements = [
        PaiementQuittance(
            tenant_id=tenant.pk,
            quittance=quittance,
            ordre=ordre,
            moyen=saisi.moyen,
            montant=saisi.montant,
            devise=facture.devise,
        )
        for ordre, saisi in enumerate(saisis, 1)
    ]
    lignes = issued_lines(facture.invoice_id)
    quittance.donnees = donnees_de_quittance(quittance, lignes, saisis, tenant=tenant, deja_regle=deja_regle)
    insert_later(quittance)
    for paiement, saisi in zip(paiements, saisis, strict=True):
        enregistrer_paiement(paiement, saisi, patient, tenant.time_zone)
    _allouer(paiements, lignes, deja_regle)
    facture.invoice = record_payment(
        invoice_id=facture.invoice_id,
        amount=quittance.montant_paye,
        acteur=acteur,
        reference=quittance.numero_quittance,
    )
    instantane = sans_donnees_personnelles(quittance.donnees)
    publish(fait_quittance(quittance, paiements, patient.tiers, jour, instantane, acteur))
    nouveau = {"numero": quittance.numero_quittance, "montant": plain(quittance.montant_paye)}
    record("quittance_emise", quittance, acteur, new=nouveau)
    return quittance


def _allouer(paiements: Sequence[PaiementQuittance], lignes: Sequence[InvoiceLine], deja_regle: Decimal) -> None:
    restes = restes_par_ligne(lignes, deja_regle)
    for part in allouer([(paiement, paiement.montant) for paiement in paiements], restes):
        allocation = AllocationPaiement(
            tenant_id=part.paiement.tenant_id,
            paiement=part.paiement,
            invoice_line_id=part.ligne,
            montant=part.montant,
            devise=part.paiement.devise,
        )
        insert_later(allocation)
