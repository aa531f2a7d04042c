"""A member's history in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.organisations.models import Role
from apps.socle.models import AuditTrail
from apps.socle.screens.lists import Step

ACTIONS = {
    "membership_granted": _("Devenu membre"),
    "membership_role_changed": _("Rôle changé"),
    "membership_deactivated": _("Accès fermé"),
    "membership_reactivated": _("Accès rouvert"),
    "one_time_password_issued": _("Mot de passe à usage unique remis"),
    "password_set": _("Mot de passe changé"),
}


def steps_of(trail: Iterable[AuditTrail]) -> list[Step]:
    """Return the trail as a timeline; a role is said by its label."""
    labels = {role.name: str(role) for role in Role.objects.all()}
    return [
        Step(
            label=str(ACTIONS.get(row.action, row.action)),
            by=row.acteur_label,
            at=row.created_at,
            detail=labels.get((row.new_values or {}).get("role", ""), ""),
        )
        for row in trail
    ]
