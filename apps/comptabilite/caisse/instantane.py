"""What a receipt says, frozen on the day: names, lines, taxes, means, rest. The paper is drawn from it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import masquer
from apps.comptabilite.caisse.choices import MoyenPaiement, OperateurMobile
from apps.comptabilite.caisse.models import Quittance
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.facturation.models import InvoiceLine
from apps.organisations.models import Tenant
from apps.socle.language import document_language
from apps.socle.money import plain

VERSION = 1


@document_language()
def donnees_de_quittance(
    quittance: Quittance,
    lignes: Sequence[InvoiceLine],
    paiements: Sequence[PaiementSaisi],
    *,
    tenant: Tenant,
    deja_regle: Decimal,
) -> dict[str, Any]:
    """Return the snapshot of `quittance`, not yet saved, on the legal `lignes`; amounts as text, moments in ISO 8601.

    `deja_regle` is what earlier receipts took on the same invoice, in the receipt's currency.
    """
    invoice = quittance.facture.invoice
    patient = quittance.session.patient
    caisse = quittance.session_caisse.caisse
    return {
        "version": VERSION,
        "numero": quittance.numero_quittance,
        "date": quittance.date_paiement.isoformat(timespec="seconds"),
        "fuseau": tenant.time_zone,
        "devise": quittance.devise,
        "code": quittance.code_verification,
        "motif": quittance.motif,
        "hopital": {"nom": tenant.name, "lignes": _en_tete(tenant)},
        "patient": {
            "nom": patient.nom_complet,
            "numero": patient.numero,
            "date_naissance": patient.date_naissance.isoformat() if patient.date_naissance else None,
            "sexe": patient.sexe,
        },
        "facture": {
            "numero": invoice.invoice_number,
            "date": invoice.issue_date.isoformat(),
            "total_ht": plain(invoice.total_ht),
            "total_taxe": plain(invoice.total_tax),
            "total_ttc": plain(invoice.total_ttc),
        },
        "caissier": quittance.caissier.full_name,
        "caisse": {"code": caisse.code, "libelle": caisse.libelle},
        "lignes": _lignes(lignes),
        "paiements": [_paiement(paiement) for paiement in paiements],
        "montant": plain(quittance.montant_paye),
        "deja_regle": plain(deja_regle),
        "reste_du": plain(invoice.total_ttc - deja_regle - quittance.montant_paye),
    }


def sans_donnees_personnelles(donnees: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot as the chain keeps it for ever: without birth date, sex and reason, which may have to be erased."""
    patient = {nom: valeur for nom, valeur in donnees["patient"].items() if nom in {"nom", "numero"}}
    return {nom: valeur for nom, valeur in donnees.items() if nom != "motif"} | {"patient": patient}


def _en_tete(tenant: Tenant) -> list[str]:
    adresse = ", ".join(tenant.address_lines)
    telephone = _("Tél. %s") % tenant.contact_phone if tenant.contact_phone else ""
    fiscal = [f"NIU {tenant.niu}" if tenant.niu else "", f"RCCM {tenant.rccm}" if tenant.rccm else ""]
    lignes = [[adresse], [telephone, tenant.contact_email], fiscal]
    return [" · ".join(filter(None, morceaux)) for morceaux in lignes if any(morceaux)]


def _lignes(lignes: Sequence[InvoiceLine]) -> list[dict[str, str]]:
    return [
        {
            "code": ligne.code,
            "libelle": ligne.description,
            "quantite": plain(ligne.quantity),
            "prix_unitaire": plain(ligne.unit_price),
            "montant": plain(ligne.total_ttc),
            "taux": plain(ligne.tax_rate),
            "exoneration": ligne.exemption,
        }
        for ligne in lignes
    ]


def _paiement(saisi: PaiementSaisi) -> dict[str, Any]:
    especes = saisi.moyen == MoyenPaiement.ESPECES
    recu = saisi.montant if saisi.recu is None else saisi.recu
    return {
        "moyen": saisi.moyen,
        "libelle": _libelle(saisi),
        "reference": _reference(saisi),
        "montant": plain(saisi.montant),
        "recu": plain(recu) if especes else None,
        "rendu": plain(recu - saisi.montant) if especes else None,
    }


def _libelle(saisi: PaiementSaisi) -> str:
    if saisi.moyen == MoyenPaiement.MOBILE:
        return str(OperateurMobile(saisi.operateur).label)
    return str(MoyenPaiement(saisi.moyen).label)


def _reference(saisi: PaiementSaisi) -> str:
    """Return what the paper shows of a payment that is not cash; of a card, the last four digits."""
    reference = saisi.reference.strip()
    if saisi.moyen == MoyenPaiement.CHEQUE:
        return _("n° %(numero)s, %(banque)s") % {"numero": reference, "banque": saisi.banque.strip()}
    if saisi.moyen == MoyenPaiement.VIREMENT:
        return f"{reference}, {saisi.banque.strip()}"
    if saisi.moyen == MoyenPaiement.CARTE:
        return f"{reference}, {masquer(saisi.carte, 'carte')}"
    return reference if saisi.moyen == MoyenPaiement.MOBILE else ""
