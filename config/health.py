"""Whether this process lives, whether it may be sent visitors, and what a person must look at: public, naming nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.fiscal.health import anchors_state, chains, chains_state

log = logging.getLogger(__name__)
OK, BROKEN, LATE = "ok", "en défaut", "en retard"


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer that this process serves. Touches nothing else."""
    return JsonResponse({"etat": OK})


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        return bool(cursor.fetchone() == (1,))


def _migrations_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _cache_answers() -> bool:
    cache.set("sante", "ok", 30)
    return bool(cache.get("sante") == "ok")


# What is no reason to send visitors elsewhere, and must wake somebody all the same: `ok` or the word of what is wrong.
WATCHED: dict[str, Callable[[], str]] = {"chaines": chains_state, "ancres": anchors_state}

CHECKS: dict[str, Callable[[], bool]] = {
    "base": _database_answers,
    "migrations": _migrations_applied,
    "cache": _cache_answers,
}


def _word(state: Callable[[], str]) -> str:
    try:
        return state()
    except Exception:
        log.exception("watched state cannot be read")
        return BROKEN


def _answer(check: Callable[[], bool]) -> str:
    try:
        return OK if check() else BROKEN
    except Exception:  # whatever breaks it, the check has failed; why is for the log, not for a stranger
        log.exception("readiness check failed")
        return BROKEN


def _checks() -> dict[str, str]:
    return {name: _answer(check) for name, check in CHECKS.items()}


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether this process may be sent visitors: database, migrations, cache; 503 when not.

    Beside it, in a word each and without a name, what a person must look at: the state of the chains.
    """
    results = _checks()
    good = all(result == OK for result in results.values())
    watched = {name: _word(state) for name, state in WATCHED.items()}
    return JsonResponse({"etat": OK if good else BROKEN, **results, **watched}, status=200 if good else 503)


@never_cache
@require_safe
def overview(request: HttpRequest) -> JsonResponse:
    """Say all of it at once, 200 whatever it says: a report is not a reason to stop a process or to avoid it.

    Counts and moments only: strangers read this. `etat` is the worst word in it.
    """
    said = {"pret": _checks(), "chaines": _chains(), "ancres": _word(WATCHED["ancres"])}
    words = {*said["pret"].values(), said["chaines"]["etat"], said["ancres"]}
    worst = next((word for word in (BROKEN, LATE) if word in words), OK)
    return JsonResponse({"etat": worst, "vivant": OK, **said})


def _chains() -> dict[str, Any]:
    """Return the chains' word, how many wait for an answer or for their verification, and when they were verified."""
    try:
        found = chains()
    except Exception:
        log.exception("state of the chains cannot be read")
        return {"etat": BROKEN}
    return {
        "etat": found.word,
        "en_defaut": found.broken,
        "en_retard": found.late,
        "derniere_verification": _minute(found.latest),
        "toutes_verifiees_depuis": _minute(found.oldest),
    }


def _minute(moment: datetime | None) -> str | None:
    """Return an aware moment in UTC, to the minute: `2026-11-20T02:10Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
