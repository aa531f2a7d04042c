"""Make a backup: the database as one moment saw it, where each chain stood, the files, the heads outside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.fiscal import anchor_file
from apps.socle.clock import now
from apps.socle.launch.backup import container, databases, exchange, programs
from apps.socle.launch.backup.programs import Login
from apps.socle.launch.errors import LaunchError, said_in_words
from apps.socle.local_files import files_folder, half_restored
from apps.socle.progress import ProgressLine

HEADS = """
select r.tenant_id::text, r.slug, s.last_sequence_number, s.head_hash, to_char(s.last_fiscal_date, 'YYYY-MM-DD')
from public.socle_tenantregistry r join public.fiscal_fiscalsequence s on s.tenant_id = r.tenant_id order by r.slug
"""
TABLES = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
ABANDONED = 24 * 3600
ROOM = 64 * 1024 * 1024


def login(alias: str) -> Login:
    """Return the parameters of a login of this installation. Raises LaunchError where it was not given to us."""
    if alias not in settings.DATABASES:
        name = {"owner": "DATABASE_OWNER_URL", "maintenance": "DATABASE_MAINTENANCE_URL"}.get(alias, "DATABASE_URL")
        raise LaunchError(f"Il faut {name} pour sauvegarder ou restaurer.", 2)
    return dict(connections[alias].get_connection_params())


def back_up(folder: Path, line: ProgressLine) -> tuple[Path, dict[str, Any]]:
    """Write a backup into `folder`; return its path and its manifest. Raises LaunchError and OSError."""
    if sentence := half_restored():
        raise LaunchError(sentence)
    maintenance = login("maintenance")
    tools = programs.find(databases.server_major(maintenance))
    moment = now()
    with said_in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_abandoned(folder)
        _refuse_full(folder, maintenance)
        path = folder / f"cauris-{moment:%Y%m%d-%H%M%S}.zip"
        with container.writing(path) as backup:
            _copy_anchors(backup)  # first: none of them may be ahead of the database that is beside it
            with _one_moment(maintenance) as (connection, snapshot):
                manifest = {"created_at": moment.isoformat(), **_description(connection)}
                tables = count(1)
                with backup.entry(container.DATABASE) as stream:
                    ticking = partial(tick, line, tables, manifest["tables"])
                    programs.dump(tools, maintenance, snapshot, stream, ticking)
            _copy_files(backup)
            backup.close(manifest)
    return path, manifest | {"files": backup.files}


def tick(line: ProgressLine, done: Iterator[int], total: int) -> None:
    """Say that one more table is done."""
    line(min(next(done), total), total)


@contextmanager
def _one_moment(maintenance: Login) -> Iterator[tuple[psycopg.Connection, str]]:
    """A transaction whose view of the database pg_dump shares: the manifest's heads are those of the dump."""
    with databases.connected(maintenance, autocommit=False) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        row = connection.execute("select pg_export_snapshot()").fetchone()
        yield connection, str(row[0]) if row else ""


def _description(connection: psycopg.Connection) -> dict[str, Any]:
    names = ("tenant_id", "slug", "sequence_number", "chain_hash", "fiscal_date")
    applied: dict[str, list[str]] = {}
    for app, name in connection.execute("select app, name from public.django_migrations order by app, name"):
        applied.setdefault(app, []).append(name)
    tables = connection.execute(TABLES).fetchone()
    return {
        "database": connection.info.dbname,
        "server": connection.info.server_version // 10_000,
        "tables": int(tables[0]) if tables else 0,
        "migrations": applied,
        "tenants": [dict(zip(names, row, strict=True)) for row in connection.execute(HEADS).fetchall()],
        "master_secret": "not in this file",
    }


def _copy_anchors(backup: container.Writer) -> None:
    for path in (*anchor_file.segments(settings.ANCHOR_FILE), settings.ANCHOR_FILE):
        if path.exists():
            backup.copy(f"{container.ANCHORS}{path.name}", path)


def _copy_files(backup: container.Writer) -> None:
    folder = files_folder()
    if folder is None or not folder.is_dir():
        return
    for top in exchange.documents(folder):
        for path in sorted((top, *top.rglob("*"))):
            if path.is_file() and not path.is_symlink():
                backup.copy(f"{container.FILES}{path.relative_to(folder).as_posix()}", path)


def _remove_abandoned(folder: Path) -> None:
    """Remove what an attempt that was killed left behind, a day ago or more."""
    for draft in folder.glob(".cauris-*.zip.partiel"):
        if time.time() - draft.stat().st_mtime > ABANDONED:
            draft.unlink(missing_ok=True)


def _refuse_full(folder: Path, maintenance: Login) -> None:
    """Raise LaunchError when the disk could not hold the database even halved: a dump is smaller, rarely so much."""
    with databases.connected(maintenance) as connection:
        row = connection.execute("select pg_database_size(current_database())").fetchone()
    size, free = int(row[0]) if row else 0, shutil.disk_usage(folder).free
    if free < size // 4 + ROOM:
        raise LaunchError(f"Le disque est presque plein : il reste {free // 2**20} Mo sous {folder}.")


def unknown_migrations(manifest: Mapping[str, Any]) -> list[str]:
    """Return the migrations of a backup that this code does not have: it was made by a newer version."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = set(loader.disk_migrations) | {key for m in loader.disk_migrations.values() for key in m.replaces}
    return [f"{a}.{n}" for a, names in manifest["migrations"].items() for n in names if (a, n) not in known]


def pending_migrations() -> bool:
    """Tell whether the database lacks migrations of this code."""
    applied = set(MigrationRecorder(connections["default"]).applied_migrations())
    return bool(set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations) - applied)
