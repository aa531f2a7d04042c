"""The same request twice does its work once (the `Idempotency-Key` of every POST that moves money)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.translation import gettext as _

from apps.socle.actors import Acteur
from apps.socle.errors import BusinessError, Conflict
from apps.socle.scope import require_scope

MAX_KEY_LENGTH = 255


class RequestInProgress(Conflict):
    """The first request with this key has not ended; ask again in `retry_after` seconds."""

    retry_after = 1


class KeyReused(Conflict):
    """The key has done something else already: `result_id` is what it did."""

    def __init__(self, message: str, result_id: uuid.UUID) -> None:
        super().__init__(message, code="idempotency-key-reused")
        self.result_id = result_id


@dataclass(frozen=True)
class Outcome:
    """The id of the result, and whether it was already there."""

    result_id: uuid.UUID
    replayed: bool


def body_digest(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of `body` as sorted JSON, in hexadecimal."""
    text = json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def run_once(
    *,
    key: str,
    route: str,
    acteur: Acteur,
    body: Mapping[str, Any],
    function: Callable[[], uuid.UUID],
    wait: bool = False,
) -> Outcome:
    """Run `function` unless `key` has already run it for this tenant, principal and route.

    A refusal (any exception) is not stored: the same key may try again. With `wait` a second
    request in flight waits for the first and replays it (screens); without, it raises
    RequestInProgress (API). The same key with another body raises KeyReused.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isprintable():
        message = _("La clé d’idempotence doit avoir de 1 à 255 caractères imprimables.")
        raise BusinessError(message, code="idempotency-key-invalid")
    tenant_id, principal, digest = require_scope(), _principal(acteur), body_digest(body)
    _lock(f"{tenant_id}|{principal}|{route}|{key}", wait)
    stored = _find(principal, route, key)
    if stored is None:
        result_id = function()
        _store(tenant_id, principal, route, key, digest, result_id)
        return Outcome(result_id, replayed=False)
    if stored.body_hash != digest:
        raise KeyReused(_("Cette clé a déjà servi à une autre demande."), stored.result_id)
    return Outcome(stored.result_id, replayed=True)


def _principal(acteur: Acteur) -> str:
    """Return who asks; a name is hashed, since two long ones may begin alike."""
    return f"{acteur.kind}:{acteur.id or hashlib.sha256(acteur.label.encode()).hexdigest()[:32]}"


def _lock(name: str, wait: bool) -> None:
    """Hold an advisory lock on `name` until the transaction ends."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(hashtextextended(%s, 0))", [name])
        taken = wait or cursor.fetchone()[0]
    if not taken:
        raise RequestInProgress(_("La même demande est en cours."), code="request-in-progress")


def _find(principal: str, route: str, key: str) -> Any:
    from apps.socle.models import IdempotencyKey

    return IdempotencyKey.objects.filter(principal=principal, route=route, key=key).first()


def _store(tenant_id: uuid.UUID, principal: str, route: str, key: str, digest: str, result_id: uuid.UUID) -> None:
    from apps.socle.models import IdempotencyKey

    IdempotencyKey(
        tenant_id=tenant_id, principal=principal, route=route, key=key, body_hash=digest, result_id=result_id
    ).save(force_insert=True)
