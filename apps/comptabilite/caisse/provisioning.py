"""What a new hospital gets from the till: one till, and the rule under which the system validates."""

from __future__ import annotations

from apps.comptabilite.caisse.services.creer_caisse import creer_caisse
from apps.comptabilite.caisse.services.definir_regle_validation import definir_regle_validation
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur

PREMIERE = "C1"


def premiere_caisse(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Make the till C1 and an active validation rule without limit; only a hospital keeps a till."""
    if tenant.kind == Tenant.Kind.HOPITAL:
        creer_caisse(code=PREMIERE, libelle=f"Caisse {PREMIERE}", acteur=acteur)
        definir_regle_validation(active=True, acteur=acteur)
