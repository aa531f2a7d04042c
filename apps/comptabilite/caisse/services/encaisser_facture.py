"""Collect: the receipt, its payments, what they settle, and the fact of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import refuser_numero_de_carte
from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.contexte import caissier_de, moment_des_affaires
from apps.comptabilite.caisse.historique import deja_fait, tracer
from apps.comptabilite.caisse.locks import facture_verrouillee, session_verrouillee
from apps.comptabilite.caisse.models import FactureCaisse, Quittance, SessionCaisse
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.comptabilite.caisse.selectors import motifs_d_attente, regle_en_vigueur, session_ouverte
from apps.comptabilite.caisse.services.emission import emettre, solder
from apps.comptabilite.caisse.services.lignes import lignes_de
from apps.comptabilite.caisse.services.paiements import controler_paiements
from apps.comptabilite.caisse.services.quittancer import quittancer
from apps.organisations.models import Tenant
from apps.organisations.selectors import current_tenant
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.commands import command
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.money import format_amount


@command
def encaisser_facture(
    *,
    facture_id: uuid.UUID,
    paiements: Sequence[PaiementSaisi],
    acteur: Acteur,
    motif: str = "",
    session_caisse_id: uuid.UUID | None = None,
    le: datetime | None = None,
) -> Quittance | None:
    """Take `paiements`, in the tenant's currency, on one invoice; return its receipt, None when nothing was due.

    An invoice that waits is validated first, by the system, where the accountant's rule allows it
    (the takeover actor validates by itself). Payments may leave a rest; they never exceed it. The
    till is the one that the acting cashier holds open; `session_caisse_id` and `le` are the
    takeover actor's. Raises Conflict (rejected, already paid), BusinessError for a payment that
    cannot be, an invoice that waits for an accountant or a closed till, NotAllowed,
    FactureCaisse.DoesNotExist.
    """
    tenant = current_tenant()
    moment = moment_des_affaires(le, acteur)
    session = _session(acteur, session_caisse_id)
    facture = facture_verrouillee(facture_id)
    refuser_numero_de_carte(motif=motif)
    _valider_si_possible(facture, tenant, moment, acteur)
    if facture.invoice.is_zero:
        _sans_paiement(paiements)
        return None
    if facture.statut == StatutFacture.PAYEE:
        raise Conflict(deja_fait(facture, tenant), code="already-paid")
    controler_paiements(paiements, tenant.currency)
    _controler_total(paiements, facture)
    quittance = quittancer(
        facture, session, paiements, tenant=tenant, moment=moment, acteur=acteur, motif=motif.strip() or facture.motif
    )
    if facture.invoice.balance_due:
        tracer(facture, ActionFacture.ENCAISSER, acteur, ancien=facture.statut)
    else:
        solder(facture, acteur)
    return quittance


def _session(acteur: Acteur, session_caisse_id: uuid.UUID | None) -> SessionCaisse:
    """Return the session, locked: the acting cashier's own, or the one that the takeover actor names."""
    if acteur.is_takeover and session_caisse_id:
        session = session_verrouillee(session_caisse_id)
    else:
        mienne = session_ouverte(caissier_de(acteur, None))
        if mienne is None:
            raise BusinessError(_("Ouvrez d’abord votre caisse."), code="till-closed")
        if session_caisse_id not in {None, mienne.id}:
            raise NotAllowed(_("Chaque caissier encaisse à sa propre caisse."), code="not-your-till")
        session = session_verrouillee(mienne.id)
    if not session.est_ouverte:
        raise Conflict(_("Cette caisse est fermée."), code="till-closed")
    return session


def _valider_si_possible(facture: FactureCaisse, tenant: Tenant, moment: datetime, acteur: Acteur) -> None:
    if facture.statut == StatutFacture.REJETEE:
        raise Conflict(_("Cette facture est rejetée : corrigez-la d’abord."), code="invoice-rejected")
    if facture.statut != StatutFacture.EN_ATTENTE:
        return
    if acteur.is_takeover:
        emettre(facture, tenant=tenant, moment=moment, acteur=acteur)
        return
    regle = regle_en_vigueur()
    motifs = motifs_d_attente(facture, lignes_de(facture), regle)
    if motifs:
        message = _("Cette facture devra d’abord être validée par un comptable : %s.") % " ; ".join(motifs)
        raise BusinessError(message, code="validation-required")
    emettre(facture, tenant=tenant, moment=moment, acteur=SYSTEM, regle=regle)


def _sans_paiement(paiements: Sequence[PaiementSaisi]) -> None:
    if paiements:
        raise BusinessError(_("Il n’y a rien à payer sur cette facture."), code="nothing-due", field="paiements")


def _controler_total(paiements: Sequence[PaiementSaisi], facture: FactureCaisse) -> None:
    verse = sum((paiement.montant for paiement in paiements), Decimal(0))
    du = facture.invoice.balance_due
    if verse > du:
        dit = {"trop": format_amount(verse - du, facture.devise), "du": format_amount(du, facture.devise)}
        message = _("Le total des paiements dépasse de %(trop)s le reste dû (%(du)s).") % dit
        raise BusinessError(message, code="payment-exceeds-invoice", field="paiements")
