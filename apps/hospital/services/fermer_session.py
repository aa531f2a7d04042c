"""Closing a visit."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from apps.hospital.locks import verrouiller_session
from apps.hospital.models import Session
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.errors import Conflict


@command
def fermer_session(*, session_id: uuid.UUID, acteur: Acteur) -> Session:
    """Close a visit. Raises Session.DoesNotExist, and Conflict when it is closed already."""
    session = verrouiller_session(session_id)
    if session.fermee_le is not None:
        raise Conflict(_("Cette visite est déjà fermée."), code="visit-closed")
    session.fermee_le = max(now(), session.ouverte_le)
    session.save(update_fields=["fermee_le"])
    record("visit_closed", session, acteur, new={"numero": session.numero})
    return session
