"""The chart, journals and rules of a new tenant, from the shipped reference data."""

from __future__ import annotations

from collections.abc import Sequence

from apps.comptabilite.grand_livre import plan
from apps.comptabilite.grand_livre.models import CompteComptable, Journal, RegleImputation
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.fields import uuid7
from apps.socle.scope import require_scope


@command
def installer_plan(*, comptes: Sequence[plan.CompteDuPlan], acteur: Acteur) -> int:
    """Write the chart `comptes`, parents first, and the journals; return how many accounts.

    Raises BusinessError when the tenant already has one of these accounts.
    """
    ids = {compte.numero: uuid7() for compte in comptes}
    tenant_id, le = require_scope(), now()
    CompteComptable.objects.bulk_create(
        CompteComptable(
            id=ids[compte.numero],
            tenant_id=tenant_id,
            numero=compte.numero,
            libelle=compte.libelle,
            classe=compte.classe,
            type_compte=compte.type_compte,
            sens_normal=compte.sens_normal,
            compte_parent_id=ids.get(compte.parent),
            description=compte.description,
            imputable=compte.imputable,
            collectif=compte.collectif,
            actif=compte.actif,
            date_creation=le,
        )
        for compte in comptes
    )
    Journal.objects.bulk_create(
        Journal(
            tenant_id=tenant_id,
            code=journal.code,
            libelle=journal.libelle,
            description=journal.description,
            type=journal.type,
            compte_contrepartie_id=ids[journal.compte_contrepartie] if journal.compte_contrepartie else None,
        )
        for journal in plan.journaux()
    )
    return len(ids)


@command
def installer_regles(*, regles: Sequence[plan.RegleDuPlan], acteur: Acteur) -> int:
    """Write default rules, valid since ever; return how many. Raises KeyError for an account that is not there."""
    numeros = {regle.compte for regle in regles}
    comptes = dict(CompteComptable.objects.filter(numero__in=numeros).values_list("numero", "id"))
    journaux = dict(Journal.objects.values_list("code", "id"))
    RegleImputation.objects.bulk_create(
        RegleImputation(
            tenant_id=require_scope(),
            type_fait=regle.type_fait,
            role=regle.role,
            sens=regle.sens,
            compte_id=comptes[regle.compte],
            journal_id=journaux[regle.journal],
            cree_par=acteur.label,
            **regle.criteres,
        )
        for regle in regles
    )
    return len(regles)
