"""Replace the lines of an invoice that waits or was rejected, and submit it again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.carte import refuser_numero_de_carte
from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.historique import deja_fait, tracer
from apps.comptabilite.caisse.locks import facture_verrouillee
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.saisies import LigneSaisie
from apps.comptabilite.caisse.services.lignes import remplacer_lignes
from apps.comptabilite.caisse.transitions import FACTURE_CAISSE
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.errors import NotAllowed


@command
def corriger_facture(
    *, facture_id: uuid.UUID, lignes: Sequence[LigneSaisie], acteur: Acteur, motif: str | None = None
) -> FactureCaisse:
    """Replace the lines by `lignes` at the tariffs of the invoice's day and put it back EN_ATTENTE.

    Only who issued it corrects it (or the takeover actor); what it said before stays in its history.
    Raises Conflict once it is validated, NotAllowed, BusinessError as `facturer_patient`,
    FactureCaisse.DoesNotExist.
    """
    tenant = current_tenant()
    facture = facture_verrouillee(facture_id)
    if not acteur.is_takeover and acteur.id != facture.caissier_id:
        raise NotAllowed(_("Seul le caissier qui a établi la facture la corrige."), code="not-your-invoice")
    if facture.statut != StatutFacture.EN_ATTENTE:
        FACTURE_CAISSE.check("corriger", facture, acteur, already=lambda: deja_fait(facture, tenant))
    if motif is not None:
        refuser_numero_de_carte(motif=motif)
        facture.motif = motif.strip()
    ancien = facture.statut
    facture.statut, facture.date_validation, facture.comptable_validateur = StatutFacture.EN_ATTENTE, None, None
    facture.save(update_fields=["motif", "statut", "date_validation", "comptable_validateur"])
    remplacees = remplacer_lignes(facture, lignes, facture.date_creation, acteur)
    tracer(facture, ActionFacture.CORRIGER, acteur, ancien=ancien, avant=remplacees)
    return facture
