"""Each step of a cashier's invoice, written where it is taken."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.comptabilite.caisse.choices import ActionFacture
from apps.comptabilite.caisse.contexte import heure_locale, jour_local
from apps.comptabilite.caisse.models import FactureCaisse, HistoriqueFactureCaisse
from apps.organisations.models import Tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.unit_of_work import insert_later

DEJA = {
    ActionFacture.VALIDER.value: gettext_lazy("déjà validée par %(qui)s à %(heure)s"),
    ActionFacture.REJETER.value: gettext_lazy("déjà rejetée par %(qui)s à %(heure)s"),
    ActionFacture.CORRIGER.value: gettext_lazy("déjà corrigée par %(qui)s à %(heure)s"),
    ActionFacture.SOLDER.value: gettext_lazy("déjà encaissée par %(qui)s à %(heure)s"),
}


def tracer(
    facture: FactureCaisse,
    action: ActionFacture,
    acteur: Acteur,
    *,
    ancien: str = "",
    commentaire: str = "",
    avant: list[dict[str, Any]] | None = None,
) -> None:
    """Write the step in the invoice's history and in the audit trail (which holds no words: they may tell of health)."""
    etape = HistoriqueFactureCaisse(
        tenant_id=facture.tenant_id,
        facture=facture,
        action=action,
        ancien_statut=ancien,
        nouveau_statut=facture.statut,
        acteur_type=acteur.kind,
        acteur_id=acteur.id,
        acteur_libelle=acteur.label,
        commentaire=commentaire,
        montant=facture.montant,
        avant=avant,
    )
    insert_later(etape)
    record(
        f"facture_caisse_{action}",
        facture,
        acteur,
        old={"statut": ancien},
        new={"statut": facture.statut, "montant": str(facture.montant)},
    )


def deja_fait(facture: FactureCaisse, tenant: Tenant) -> str:
    """Return what the second of two people reads: « déjà validée par Rose Tchoumi à 10:42 » (with the day, if another)."""
    dernier = facture.historique.filter(action__in=DEJA).order_by("-le", "-id").first()
    if dernier is None:
        return _("Cette étape n’est plus possible : l’état est « %s ».") % facture.get_statut_display()
    message = DEJA[dernier.action] % {"qui": dernier.acteur_libelle, "heure": heure_locale(dernier.le, tenant)}
    jour = jour_local(dernier.le, tenant)
    return _("%(nom)s : %(dit)s") % {"nom": facture.numero_travail, "dit": f"{message} ({jour:%d/%m/%Y})"}
