"""The embedded PostgreSQL of one data folder: found when it runs, made and started when it does not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psycopg

from apps.socle.launch import cluster as clusters
from apps.socle.launch import roles
from apps.socle.launch.account import account_for, binaries, choose_home
from apps.socle.launch.cluster import HOST, SUPERUSER, Cluster, Running
from apps.socle.launch.errors import LaunchError, said_in_words
from apps.socle.launch.files import locked, private_folder, write_private
from apps.socle.launch.secrets import database_password
from apps.socle.launch.stamps import Stamps

PAUSES = (0.0, 0.1, 0.4, 1.0)
SESSIONS = """
select distinct coalesce(nullif(application_name, ''), usename) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid() order by 1
"""
ROLES_VERSION = 1
"""Raise it when `roles.install` changes: existing clusters then get the change at their next start."""


@dataclass(frozen=True)
class State:
    """What a data folder remembers of its server. A `home` that is relative stands under the data folder."""

    home: str = ""
    port: int = 0
    roles_version: int = 0


def embedded_urls(data_dir: Path) -> dict[str, str]:
    """Return the URLs of the three logins (default, owner, maintenance), starting the server when it is not running.

    Several processes may call this at once. Raises LaunchError, one French sentence, when there
    is no server to be had.
    """
    running = find(data_dir)
    if running is None:
        running, _ = ensure_running(data_dir)
    return {
        alias: _url(running, login, database_password(data_dir, login), roles.DATABASE)
        for alias, login in roles.LOGINS.items()
    }


def find(data_dir: Path) -> Running | None:
    """Return the server of `data_dir` when it is ready and complete."""
    with said_in_words(data_dir):
        state = _read_state(data_dir)
        if state.roles_version != ROLES_VERSION:
            return None
        return clusters.find_running(_home(data_dir, state) / "data")


def ensure_running(data_dir: Path, die_with_parent: Callable[[], None] | None = None) -> tuple[Running, bool]:
    """Return the server of `data_dir` and whether this call started it.

    `die_with_parent` is run in the server's process before it begins; without it the server
    outlives the caller.
    """
    with said_in_words(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        private_folder(data_dir / "secrets")
        with locked(data_dir / "secrets" / ".postgres.lock"):
            return _ensure_running(data_dir, die_with_parent)


def home_of(data_dir: Path) -> Path | None:
    """Return the folder of the server's data, None before it is made."""
    state = _read_state(data_dir)
    return _home(data_dir, state) if state.home else None


def superuser_url(data_dir: Path, running: Running, database: str = "postgres") -> str:
    """Return the URL of the superuser: only to install logins and extensions."""
    return _url(running, SUPERUSER, database_password(data_dir, SUPERUSER), database)


def clients(data_dir: Path, running: Running) -> list[str]:
    """Return who else holds a session on this server, after the moment that a closed one needs to end.

    Names of programs, or of logins where a program gave none; empty when the server does not answer any more.
    """
    found: list[str] = []
    try:
        with psycopg.connect(superuser_url(data_dir, running), autocommit=True, connect_timeout=5) as connection:
            for pause in PAUSES:
                time.sleep(pause)
                found = [str(row[0]) for row in connection.execute(SESSIONS).fetchall()]
                if not found:
                    break
    except psycopg.OperationalError:
        return []
    return found


def stop(data_dir: Path) -> bool:
    """Stop the server of `data_dir` where nobody works in it; tell whether one ran. Raises LaunchError."""
    with said_in_words(data_dir), locked(data_dir / "secrets" / ".postgres.lock"):
        running = find(data_dir)
        if running is None:
            return False
        others = clients(data_dir, running)
        if others:
            raise LaunchError(
                f"PostgreSQL sert encore ({', '.join(others)}) : arrêtez d'abord bin/start, ou attendez la commande."
            )
        clusters.stop(running)
    return True


def _ensure_running(data_dir: Path, die_with_parent: Callable[[], None] | None) -> tuple[Running, bool]:
    state = _read_state(data_dir)
    cluster, state = _cluster(data_dir, state)
    _write_state(data_dir, state)
    running = clusters.find_running(cluster.data)
    started = running is None
    if running is None:
        if not cluster.exists():
            clusters.create(cluster, database_password(data_dir, SUPERUSER))
            state = replace(state, roles_version=0)
            Stamps(data_dir).forget("schema", "demo")
        running = clusters.start(cluster, state.port or clusters.free_port(), die_with_parent)
    if state.roles_version != ROLES_VERSION:
        passwords = {login: database_password(data_dir, login) for login in roles.LOGINS.values()}
        try:
            roles.install(superuser_url(data_dir, running), passwords)
        except psycopg.OperationalError as error:
            raise LaunchError(
                f"Les données de PostgreSQL sous {cluster.home} ne s'ouvrent pas avec les mots de passe de "
                f"{data_dir / 'secrets'} : l'un des deux dossiers a été remplacé."
            ) from error
    _write_state(data_dir, replace(state, port=running.port, roles_version=ROLES_VERSION))
    return running, started


def _cluster(data_dir: Path, state: State) -> tuple[Cluster, State]:
    known = _home(data_dir, state) if state.home else data_dir / "pg"
    account = account_for(known / "data")
    home = known if (known / "data").exists() or (state.home and known.exists()) else choose_home(data_dir, account)
    cluster = Cluster(home, binaries(home, account), account, data_dir / "logs" / "postgres-start.log")
    relative = home.relative_to(data_dir) if home.is_relative_to(data_dir) else home
    return cluster, replace(state, home=str(relative))


def _home(data_dir: Path, state: State) -> Path:
    return data_dir / state.home


def _state_path(data_dir: Path) -> Path:
    return data_dir / "secrets" / "postgres.json"


def _read_state(data_dir: Path) -> State:
    try:
        return State(**json.loads(_state_path(data_dir).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State()
    except (ValueError, TypeError) as error:
        raise LaunchError(f"Le fichier {_state_path(data_dir)} est illisible.") from error


def _write_state(data_dir: Path, state: State) -> None:
    write_private(_state_path(data_dir), json.dumps(asdict(state)))


def _url(running: Running, login: str, password: str, database: str) -> str:
    return f"postgresql://{login}:{password}@{HOST}:{running.port}/{database}"
