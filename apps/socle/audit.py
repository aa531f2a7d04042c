"""The trail: every command writes one row about what it changed, in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from apps.socle.actors import Acteur
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import insert_later


def record(
    action: str,
    instance: models.Model,
    acteur: Acteur,
    *,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write that `acteur` did `action` to `instance`. Values must hold no health data and no secret."""
    from apps.socle.models import AuditTrail

    row = AuditTrail(
        tenant_id=require_scope(),
        user_id=acteur.id,
        acteur_kind=acteur.kind,
        acteur_label=acteur.label,
        action=action,
        model_type=instance._meta.label,
        model_id=instance.pk,
        old_values=dict(old) if old is not None else None,
        new_values=dict(new) if new is not None else None,
        reason=reason,
        ip_address=acteur.ip or "",
        user_agent=(acteur.user_agent or "")[:1000],
    )
    insert_later(row)
