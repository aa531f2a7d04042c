"""The accountant sets under which rule the system validates."""

from __future__ import annotations

from decimal import Decimal

from apps.comptabilite.caisse.contexte import controler_montant
from apps.comptabilite.caisse.models import RegleValidation
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.money import plain


@command
def definir_regle_validation(*, active: bool, acteur: Acteur, plafond: Decimal | None = None) -> RegleValidation:
    """Write a new version of the rule; `plafond`, in the tenant's currency, or None for no limit.

    Invoices validated under an earlier version keep it. Raises BusinessError for a bad limit.
    """
    devise = current_tenant().currency
    if plafond is not None:
        controler_montant(plafond, devise, "plafond")
    regle = RegleValidation(
        active=active, plafond=plafond, devise=devise, modifie_par_id=acteur.id, modifie_par_libelle=acteur.label
    )
    regle.save(force_insert=True)
    nouveau = {"active": active, "plafond": None if plafond is None else plain(plafond)}
    record("regle_validation_definie", regle, acteur, new=nouveau)
    return regle
