"""Changing quantity or price of what is not invoiced yet."""

from __future__ import annotations

import uuid
from decimal import Decimal

from apps.hospital.calcul import exiger_en_attente, verifier_ligne
from apps.hospital.locks import verrouiller_prestations
from apps.hospital.models import Prestation
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.money import quantize


@command
def corriger_prestation(
    *, prestation_id: uuid.UUID, quantite: Decimal, prix: Decimal | None, acteur: Acteur
) -> Prestation:
    """Change quantity and unit price (None: the tariff of its day) of a prestation still pending.

    Raises Prestation.DoesNotExist, Conflict when it is confirmed or invoiced, BusinessError for what cannot be.
    """
    [prestation] = verrouiller_prestations([prestation_id])
    exiger_en_attente(prestation)
    unitaire = prestation.tarif_montant if prix is None else prix
    verifier_ligne(quantite, unitaire, prestation.devise)
    prestation.quantite, prestation.montant_unitaire = quantite, unitaire
    prestation.montant_total = quantize(quantite * unitaire, prestation.devise)
    prestation.save(update_fields=["quantite", "montant_unitaire", "montant_total"])
    record("care_corrected", prestation, acteur, new={"fields": ["montant_unitaire", "quantite"]})
    return prestation
