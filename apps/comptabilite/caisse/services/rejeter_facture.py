"""A person sends a cashier's invoice back, and says why."""

from __future__ import annotations

import uuid

from apps.comptabilite.caisse.carte import refuser_numero_de_carte
from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.historique import deja_fait, tracer
from apps.comptabilite.caisse.locks import facture_verrouillee
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.transitions import FACTURE_CAISSE
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command


@command
def rejeter_facture(*, facture_id: uuid.UUID, commentaire: str, acteur: Acteur) -> FactureCaisse:
    """Make an invoice that waits REJETEE with its comment; no rule ever validates it afterwards.

    Raises Conflict (« déjà validée par … »), NotAllowed for who issued it, BusinessError without
    comment, FactureCaisse.DoesNotExist.
    """
    tenant = current_tenant()
    facture = facture_verrouillee(facture_id)
    FACTURE_CAISSE.check(
        "rejeter",
        facture,
        acteur,
        reason=commentaire,
        issuer_id=facture.caissier_id,
        already=lambda: deja_fait(facture, tenant),
    )
    refuser_numero_de_carte(motif=commentaire)
    facture.statut, facture.deja_rejetee = StatutFacture.REJETEE, True
    facture.commentaire_rejet = commentaire.strip()
    facture.date_validation, facture.comptable_validateur_id = now(), acteur.id
    facture.save(
        update_fields=["statut", "deja_rejetee", "commentaire_rejet", "date_validation", "comptable_validateur"]
    )
    tracer(
        facture, ActionFacture.REJETER, acteur, ancien=StatutFacture.EN_ATTENTE, commentaire=facture.commentaire_rejet
    )
    return facture
