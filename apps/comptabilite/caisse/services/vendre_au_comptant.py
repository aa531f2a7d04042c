"""The button « Encaisser et imprimer »: invoice, validation and collection, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.caisse.saisies import LigneSaisie, PaiementSaisi
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.idempotency import Outcome, run_once
from apps.socle.unit_of_work import held


@dataclass(frozen=True)
class Vente:
    """What a sale made: the invoice, and its receipt unless nothing was due."""

    facture: FactureCaisse
    quittance: Quittance | None


@command
def vendre_au_comptant(
    *,
    patient_id: uuid.UUID,
    lignes: Sequence[LigneSaisie],
    paiements: Sequence[PaiementSaisi],
    acteur: Acteur,
    motif: str = "",
    caissier_id: uuid.UUID | None = None,
    session_caisse_id: uuid.UUID | None = None,
    le: datetime | None = None,
) -> Vente:
    """Charge the patient and collect at once, in one transaction; amounts in the tenant's currency.

    Raises what `facturer_patient` and `encaisser_facture` raise, an invoice that must wait for an
    accountant included: then nothing is written, and the cashier may put it on hold instead.
    """
    facture = facturer_patient(
        patient_id=patient_id, lignes=lignes, acteur=acteur, motif=motif, caissier_id=caissier_id, le=le
    )
    quittance = encaisser_facture(
        facture_id=facture.id, paiements=paiements, acteur=acteur, session_caisse_id=session_caisse_id, le=le
    )
    return Vente(held(FactureCaisse, facture.id) or facture, quittance)


def vendre_une_fois(
    *,
    cle: str,
    patient_id: uuid.UUID,
    lignes: Sequence[LigneSaisie],
    paiements: Sequence[PaiementSaisi],
    acteur: Acteur,
    motif: str = "",
    attendre: bool = True,
) -> Outcome:
    """Sell once whatever the number of clicks: the same key answers with the same invoice's id.

    A second request in flight waits for the first (screens) or is refused (API, `attendre=False`).
    Raises as `vendre_au_comptant`, RequestInProgress, and Conflict for the same key with another sale.
    """
    demande = {
        "patient": patient_id,
        "motif": motif,
        "lignes": [asdict(x) for x in lignes],
        "paiements": [asdict(x) for x in paiements],
    }
    return run_once(
        key=cle,
        route="caisse:vendre",
        acteur=acteur,
        body=demande,
        function=lambda: (
            vendre_au_comptant(
                patient_id=patient_id, lignes=lignes, paiements=paiements, acteur=acteur, motif=motif
            ).facture.id
        ),
        wait=attendre,
    )


def facturer_une_fois(
    *,
    cle: str,
    patient_id: uuid.UUID,
    lignes: Sequence[LigneSaisie],
    acteur: Acteur,
    motif: str = "",
    attendre: bool = True,
) -> Outcome:
    """Put a sale on hold once: as `vendre_une_fois`, whose keys it shares, so that one screen gives one invoice."""
    demande = {"attente": True, "patient": patient_id, "motif": motif, "lignes": [asdict(x) for x in lignes]}
    return run_once(
        key=cle,
        route="caisse:vendre",
        acteur=acteur,
        body=demande,
        function=lambda: facturer_patient(patient_id=patient_id, lignes=lignes, acteur=acteur, motif=motif).id,
        wait=attendre,
    )


def encaisser_une_fois(
    *, cle: str, facture_id: uuid.UUID, paiements: Sequence[PaiementSaisi], acteur: Acteur, attendre: bool = True
) -> Outcome:
    """Collect once under `cle`; the outcome is the receipt's id (the invoice's when nothing was due)."""

    def encaisser() -> uuid.UUID:
        quittance = encaisser_facture(facture_id=facture_id, paiements=paiements, acteur=acteur)
        return quittance.id if quittance else facture_id

    demande = {"facture": facture_id, "paiements": [asdict(x) for x in paiements]}
    return run_once(key=cle, route="caisse:encaisser", acteur=acteur, body=demande, function=encaisser, wait=attendre)
