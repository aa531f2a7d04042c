"""A person validates a cashier's invoice."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from apps.comptabilite.caisse.contexte import moment_des_affaires
from apps.comptabilite.caisse.historique import deja_fait
from apps.comptabilite.caisse.locks import facture_verrouillee
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.services.emission import emettre
from apps.comptabilite.caisse.transitions import FACTURE_CAISSE
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.commands import command
from apps.socle.errors import Conflict, NotAllowed


@command
def valider_facture(
    *, facture_id: uuid.UUID, acteur: Acteur, etapes_lues: int | None = None, le: datetime | None = None
) -> FactureCaisse:
    """Issue the legal invoice (FAC-) of an invoice that waits; PAYEE at once when it comes to zero.

    Who issued it does not validate it; the takeover actor may do both sides. The system validates
    only at collection, under a rule (`encaisser_facture`). `etapes_lues` is how many steps its
    history had when the person read it: an invoice corrected since is not validated unread.
    Raises Conflict (« déjà validée par … », « a changé »), NotAllowed, FactureCaisse.DoesNotExist.
    """
    if not (acteur.is_person or acteur.is_takeover):
        raise NotAllowed(_("Le système ne valide qu’à l’encaissement, sous une règle."), code="person-required")
    tenant = current_tenant()
    moment = moment_des_affaires(le, acteur)
    facture = facture_verrouillee(facture_id)
    FACTURE_CAISSE.check(
        "valider", facture, acteur, issuer_id=facture.caissier_id, already=lambda: deja_fait(facture, tenant)
    )
    if etapes_lues is not None and facture.historique.count() != etapes_lues:
        message = _("%s a été corrigée depuis que vous l’avez lue : relisez-la.") % facture.numero_travail
        raise Conflict(message, code="invoice-changed")
    emettre(facture, tenant=tenant, moment=moment, acteur=acteur)
    return facture
