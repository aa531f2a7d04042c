"""Put a backup back: beside the database that serves, proved whole and protected, then in its place.

Until the last step the former database keeps its name and can be used. The chains are verified
before the exchange, so that no older copy is ever served without its red state.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.models import F

from apps.fiscal.choices import AnchorStatus
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.keys import genuine_keys
from apps.fiscal.management.backup import login, pending_migrations, tick, unknown_migrations
from apps.fiscal.models import FiscalAnchor, FiscalIntegrityCheck
from apps.fiscal.selectors import head, latest_check
from apps.fiscal.services.check_chain import check_chain
from apps.socle import startup
from apps.socle.actors import SYSTEM
from apps.socle.audit import record
from apps.socle.clock import now
from apps.socle.installer import login as role_of
from apps.socle.launch.backup import container, databases, exchange, programs
from apps.socle.launch.backup.container import Reader
from apps.socle.launch.errors import LaunchError
from apps.socle.local_files import files_folder
from apps.socle.models import TenantRegistry
from apps.socle.progress import ProgressLine
from apps.socle.scope import scope

OLDER = "older-than-anchor"
Lines = Callable[[str, str], ProgressLine]
"""Makes the line of progress of a step: (what, unit)."""


@dataclass(frozen=True)
class Restored:
    """What stands now. `kept` is the former database, empty when it held nothing; `checks` are by establishment."""

    name: str
    kept: str
    former_files: Path | None
    checks: dict[str, FiscalIntegrityCheck]

    @property
    def whole(self) -> bool:
        return all(check.holds for check in self.checks.values())

    def older(self, slug: str) -> bool:
        """Tell whether heads outside prove that links of this establishment are missing."""
        return any(item["code"] == OLDER for item in self.checks[slug].report)


def houses_there() -> tuple[str, int]:
    """Return the database's name and how many establishments it holds. Raises LaunchError."""
    owner = login("maintenance")
    return str(owner["dbname"]), databases.houses(owner)


def refuse_if_used() -> None:
    """Raise LaunchError while anybody else holds a session: what they would write is lost with the former database."""
    connections.close_all()
    others = databases.others_connected(login("owner"))
    if others:
        raise LaunchError(
            f"La base sert encore ({', '.join(sorted(set(others)))}) : arrêtez d'abord la plateforme"
            " (bin/start, ou web, worker et beat), puis recommencez."
        )


def settle() -> Restored | None:
    """End a restore that was cut off in its exchange and return what stands.

    None where there is none, or where the former database still serves: what was prepared is removed then. Raises
    Unsettled, and LaunchError.
    """
    connections.close_all()
    owner = login("owner")
    outcome = exchange.settle(owner, files_folder())
    if outcome is None or not outcome.exchanged:
        return None
    checks = {}
    for registry in TenantRegistry.objects.order_by("slug"):
        with scope(registry.tenant_id):
            if (check := latest_check()) is not None:
                checks[registry.slug] = check
    return Restored(str(owner["dbname"]), outcome.kept, outcome.former, checks)


def interrupted() -> bool:
    """Tell whether a restore was cut off in its exchange. Raises LaunchError."""
    return exchange.begun(files_folder()) is not None


def restore(backup: Reader, lines: Lines) -> Restored:
    """Restore an opened backup and return what stands. Raises LaunchError with nothing changed, Unsettled in between."""
    owner, moment = login("owner"), f"{now():%Y%m%d%H%M%S%f}"
    name = str(owner["dbname"])
    draft = databases.name_beside(name, databases.DRAFT, moment)
    kept = databases.name_beside(name, databases.KEPT, moment)
    with _step(lines, "contrôle", "octets") as line:
        backup.check(line)
    tools = _tools(backup, owner)
    held = databases.houses(login("maintenance"))
    guests = [role for role in (role_of("default"), role_of("maintenance")) if role]
    databases.create_beside(owner, name, draft, guests)
    try:
        _fill(backup, tools, {**owner, "dbname": draft}, lines)
        with _serving(draft):
            _protect()
            _anchors_of(backup)
            checks = _verify(backup, lines)
        files = _files_of(backup, moment)
        stands = databases.oid(owner, draft)
        assert stands is not None
        plan = exchange.Plan(name, draft, kept, stands, moment, files=files, empty=not held)
        exchange.begin(files_folder(), plan)
    except BaseException:
        connections.close_all()
        _tidy(owner, draft, moment)
        raise
    outcome = exchange.carry_out(owner, files_folder(), plan)
    return Restored(name, outcome.kept, outcome.former, checks)


def _tidy(owner: programs.Login, draft: str, moment: str) -> None:
    """Remove what an attempt that failed has made; what cannot be removed now is at the next restore."""
    with suppress(psycopg.Error, LaunchError):
        databases.drop(owner, draft)
    folder = files_folder()
    if folder is not None:
        shutil.rmtree(exchange.draft_of(folder, moment), ignore_errors=True)
    with suppress(OSError):
        exchange.forget(folder)


@contextmanager
def _step(lines: Lines, what: str, unit: str) -> Iterator[ProgressLine]:
    line = lines(what, unit)
    try:
        yield line
    finally:
        line.close()


def _tools(backup: Reader, owner: programs.Login) -> programs.Programs:
    """Return the programs, after what can be known to fail before anything is made."""
    manifest, major = dict(backup.manifest), databases.server_major(owner)
    if manifest["server"] > major:
        raise LaunchError(f"Cette sauvegarde vient d'un PostgreSQL {manifest['server']}, ce serveur est un {major}.")
    newer = unknown_migrations(manifest)
    if newer:
        raise LaunchError(f"Cette sauvegarde vient d'une version plus récente de Cauris ({newer[0]}) : installez-la.")
    return programs.find(max(major, manifest["server"]))


def _fill(backup: Reader, tools: programs.Programs, draft: programs.Login, lines: Lines) -> None:
    total = int(backup.manifest["tables"])
    with _step(lines, "restauration", "tables") as line, backup.open(container.DATABASE) as source:
        programs.restore(tools, draft, source, partial(tick, line, count(1), total))


@contextmanager
def _serving(name: str) -> Iterator[None]:
    """Every login of this process works in the database `name` meanwhile."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in settings.DATABASES}
    try:
        _point(dict.fromkeys(before, name))
        yield
    finally:
        _point(before)


def _point(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _protect() -> None:
    """Bring an older backup to this code, and refuse what is not protected as the code declares."""
    if pending_migrations() or startup.differences():
        call_command("migrate", interactive=False, verbosity=0)
    found = startup.differences()
    if found:
        raise LaunchError(f"La base restaurée n'est pas protégée comme le code le déclare : {found[0]}")


def _anchors_of(backup: Reader) -> None:
    """On a new machine the heads outside come back too; a file that is there is never touched."""
    if settings.ANCHOR_FILE.exists():
        return
    for name in backup.under(container.ANCHORS):
        backup.extract(name, container.ANCHORS, settings.ANCHOR_FILE.parent)


def _verify(backup: Reader, lines: Lines) -> dict[str, FiscalIntegrityCheck]:
    """Verify each chain in the restored database and keep the results there. Raises LaunchError without the secret."""
    said = {tenant["tenant_id"]: tenant for tenant in backup.manifest["tenants"]}
    registries = list(TenantRegistry.objects.order_by("slug"))
    try:
        _refuse_another_secret(registries)
        checks = {}
        for registry in registries:
            with _step(lines, registry.slug, "maillons") as line, scope(registry.tenant_id):
                _as_the_manifest_says(registry.slug, said.get(str(registry.tenant_id)))
                # What waited when the copy was made may have been written since: it is looked for first.
                FiscalAnchor.objects.filter(status=AnchorStatus.PENDING).update(attempts=F("attempts") + 1)
                checks[registry.slug] = check = check_chain(acteur=SYSTEM, progress=line)
                record("restored", check, SYSTEM, new={"copy_of": backup.manifest["created_at"]})
    except MasterSecretError as error:
        raise LaunchError(f"Le secret maître est illisible : remettez-le d'abord en place. ({error})", 2) from error
    return checks


def _refuse_another_secret(registries: list[TenantRegistry]) -> None:
    """Raise LaunchError where the mounted secret made none of the keys: it is another installation's."""
    genuine = replaced = 0
    for registry in registries:
        with scope(registry.tenant_id):
            good, bad = genuine_keys(registry.tenant_id)
        genuine, replaced = genuine + len(good), replaced + len(bad)
    if replaced and not genuine:
        raise LaunchError(
            f"Le secret maître monté ({settings.MASTER_SECRET_FILE}) n'est pas celui de cette sauvegarde :"
            " remettez d'abord le bon en place.",
            2,
        )


def _as_the_manifest_says(slug: str, said: dict[str, Any] | None) -> None:
    stands = head()
    found = (stands.last_sequence_number, stands.head_hash) if stands else None
    if found != ((said["sequence_number"], said["chain_hash"]) if said else None):
        raise LaunchError(f"La base restaurée n'a pas la tête de chaîne que la sauvegarde annonce pour {slug}.")


def _files_of(backup: Reader, moment: str) -> bool:
    """Write the files of the backup where they wait for the exchange; tell whether there are any."""
    names, folder = backup.under(container.FILES), files_folder()
    if not names:
        return False
    if folder is None:
        raise LaunchError("Cette sauvegarde contient des fichiers, et cette installation les garde dans S3.")
    for left_over in folder.glob(f"{exchange.DRAFT}*"):
        shutil.rmtree(left_over)  # of an attempt that was killed: its database went when this one began
    for name in names:
        backup.extract(name, container.FILES, exchange.draft_of(folder, moment))
    return True
