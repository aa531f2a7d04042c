"""The lines of a cashier's invoice, from what hospital recorded as given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.models import FactureCaisse, LigneFactureCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie
from apps.hospital.models import Prestation, Service
from apps.hospital.services import ajouter_prestations
from apps.socle.actors import Acteur
from apps.socle.errors import BusinessError
from apps.socle.money import plain

LIGNES_MAXIMUM = 200


def ajouter_lignes(facture: FactureCaisse, saisies: Sequence[LigneSaisie], moment: datetime, acteur: Acteur) -> None:
    """Record the prestations of `saisies` at `moment`, write one line each and the invoice's total.

    Raises BusinessError for no line or too many, and as hospital does for a code, a quantity or a price.
    """
    if not saisies:
        raise BusinessError(_("Ajoutez au moins un acte ou un produit."), code="no-lines", field="lignes")
    if len(saisies) > LIGNES_MAXIMUM:
        message = _("Une facture porte au plus %d lignes.") % LIGNES_MAXIMUM
        raise BusinessError(message, code="too-many-lines", field="lignes")
    demandes = [(saisie.code, saisie.quantite, saisie.prix) for saisie in saisies]
    prestations = ajouter_prestations(session_id=facture.session_id, lignes=demandes, date=moment, acteur=acteur)
    services = Service.objects.in_bulk({prestation.service_id for prestation in prestations})
    lignes = [_ligne(facture, position, prestation) for position, prestation in enumerate(prestations, 1)]
    for ligne, prestation in zip(lignes, prestations, strict=True):
        ligne.service_code = services[prestation.service_id].code if prestation.service_id in services else ""
    LigneFactureCaisse.objects.bulk_create(lignes)
    facture.montant = sum((ligne.montant for ligne in lignes), Decimal(0))
    facture.save(update_fields=["montant"])


def _ligne(facture: FactureCaisse, position: int, prestation: Prestation) -> LigneFactureCaisse:
    return LigneFactureCaisse(
        tenant_id=facture.tenant_id,
        facture=facture,
        prestation=prestation,
        position=position,
        code=prestation.code_prestation,
        libelle=prestation.libelle,
        type_recette=prestation.type_recette,
        quantite=prestation.quantite,
        prix_tarif=prestation.tarif_montant,
        prix_unitaire=prestation.montant_unitaire,
        montant=prestation.montant_total,
        devise=facture.devise,
    )


def lignes_en_clair(lignes: Sequence[LigneFactureCaisse]) -> list[dict[str, Any]]:
    """Return the lines as the history keeps them once replaced; amounts as text."""
    return [
        {
            "code": ligne.code,
            "libelle": ligne.libelle,
            "quantite": plain(ligne.quantite),
            "prix_tarif": plain(ligne.prix_tarif),
            "prix_unitaire": plain(ligne.prix_unitaire),
            "montant": plain(ligne.montant),
        }
        for ligne in lignes
    ]
