"""A database that we do not run: asked whether it is there before anything else is tried."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from apps.socle.launch.errors import MISUSE, LaunchError

OLDEST_SERVER = 15
NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_MAINTENANCE_URL")
CONNECT_SECONDS = 5


def refuse_missing_owner(environment: Mapping[str, str]) -> None:
    """Raise LaunchError, status 2, when a real database is named without the login that migrates it."""
    if environment.get("DATABASE_URL") and not environment.get("DATABASE_OWNER_URL"):
        raise LaunchError(
            "DATABASE_URL est donné sans DATABASE_OWNER_URL, le compte qui migre : il faut les deux.", MISUSE
        )


def refuse_unreachable(environment: Mapping[str, str]) -> None:
    """Raise LaunchError when a named database does not answer or is too old. No password is ever said."""
    refuse_missing_owner(environment)
    for name in NAMES:
        if environment.get(name):
            _connect(name, environment[name])


def _connect(name: str, url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.ProgrammingError:  # its message repeats the whole URL
        raise LaunchError(f"{name} n'est pas l'adresse d'un PostgreSQL (postgresql://compte@hôte/base).") from None
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise LaunchError(f"La base de données de {name} ne répond pas : {reason}") from None
    if version < OLDEST_SERVER:
        raise LaunchError(
            f"La base de données de {name} est un PostgreSQL {version} ; il faut {OLDEST_SERVER} ou plus."
        )
