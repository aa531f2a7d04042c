"""What a new tenant gets from the ledger: chart, journals, an open exercise, rules."""

from __future__ import annotations

from datetime import date

from apps.comptabilite.grand_livre import plan as reference
from apps.comptabilite.grand_livre.services.installer_plan import installer_plan, installer_regles
from apps.comptabilite.grand_livre.services.ouvrir_exercice import assurer_exercice
from apps.organisations.models import Tenant
from apps.organisations.provisioning import Options
from apps.socle.actors import Acteur
from apps.socle.clock import local_date


def plan(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """Chart, journals and the exercise of today; also that of the option `premier_jour` (a takeover's first day)."""
    hopital = tenant.kind == Tenant.Kind.HOPITAL
    installer_plan(comptes=reference.plan_hopital() if hopital else reference.plan_syscohada(), acteur=acteur)
    aujourd_hui = local_date(tenant.time_zone)
    premier_jour: date = options.values.get("premier_jour") or aujourd_hui
    for annee in range(premier_jour.year, aujourd_hui.year + 1):
        assurer_exercice(jour=date(annee, 1, 1), acteur=acteur)


def regles(tenant: Tenant, acteur: Acteur, options: Options) -> None:
    """A hospital's default rules; other kinds of tenant bring theirs with their own facts."""
    if tenant.kind == Tenant.Kind.HOPITAL:
        installer_regles(regles=reference.regles_hopital(), acteur=acteur)
