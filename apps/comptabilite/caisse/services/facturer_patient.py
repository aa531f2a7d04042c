"""Charge a patient: the visit of the day, what was given, and the cashier's invoice that waits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from apps.comptabilite.caisse.carte import refuser_numero_de_carte
from apps.comptabilite.caisse.choices import ActionFacture
from apps.comptabilite.caisse.contexte import caissier_de, jour_local, moment_des_affaires
from apps.comptabilite.caisse.historique import tracer
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie
from apps.comptabilite.caisse.services.lignes import ajouter_lignes
from apps.hospital.services import ouvrir_session
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.numbering import next_number


@command
def facturer_patient(
    *,
    patient_id: uuid.UUID,
    lignes: Sequence[LigneSaisie],
    acteur: Acteur,
    motif: str = "",
    caissier_id: uuid.UUID | None = None,
    le: datetime | None = None,
) -> FactureCaisse:
    """Make the invoice EN_ATTENTE of `lignes`, at the tariffs in force on the day unless a price is given.

    It has a working number (FC-), no legal number and no fact. `caissier_id` and `le` are the
    takeover actor's. Raises BusinessError for no line, an unknown code, a bad quantity or price, a
    card number typed in the reason; Patient.DoesNotExist; NotAllowed.
    """
    tenant = current_tenant()
    caissier = caissier_de(acteur, caissier_id)
    moment = moment_des_affaires(le, acteur)
    refuser_numero_de_carte(motif=motif)
    visite = ouvrir_session(patient_id=patient_id, date=moment, acteur=acteur)
    facture = FactureCaisse(
        tenant=tenant,
        numero_travail=next_number(kind="FC", year=jour_local(moment, tenant).year, past=acteur.is_takeover),
        session=visite,
        caissier_id=caissier,
        date_creation=moment,
        montant=Decimal(0),
        devise=tenant.currency,
        motif=motif.strip(),
    )
    ajouter_lignes(facture, lignes, moment, acteur)
    tracer(facture, ActionFacture.CREER, acteur)
    return facture
