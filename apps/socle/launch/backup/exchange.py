"""The last step of a restore: database and files take their places, and whatever ends us, both do or neither.

The database takes its name in one transaction of the server; files are moved one by one, within their folder, so that
this folder may be a volume of its own. A small journal in it says what was begun. It is on disk before anything
changes and goes when everything stands; whoever finds it asks the server which database bears the name: the restored
one, and the files follow it, or the former one, and what was prepared is removed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psycopg

from apps.socle.launch.backup import databases
from apps.socle.launch.backup.programs import Login
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.files import write_private

JOURNAL = ".echange.json"
DRAFT, FORMER = f".{databases.DRAFT}-", f".{databases.KEPT}-"
OURS = (JOURNAL, f".{JOURNAL}-", DRAFT, FORMER)
"""How names begin, in the folder of files, that no document bears: the journal, its drafts, what waits, what was."""
NOBODYS = "lost+found"
ASIDE, IN = "aside", "in"
COMMAND = "python manage.py restaurer"


class Unsettled(LaunchError):
    """The exchange was begun and could not be ended: nothing may serve before the command was typed again."""


@dataclass(frozen=True)
class Plan:
    """What is exchanged; it is the journal's content too.

    `oid` is the restored database's on its server, which no change of name touches; `files` tells whether restored
    files wait; `empty`, that the former database holds nothing and goes. `step` is what the files are at.
    """

    name: str
    draft: str
    kept: str
    oid: int
    moment: str
    files: bool
    empty: bool
    step: str = ASIDE

    def to_be_ended(self) -> str:
        """Say that the database is the restored one already, and its files are not."""
        return (
            f"Une restauration de la base {self.name} a été interrompue avant que ses fichiers prennent place :"
            f" tapez « {COMMAND} » pour l'achever."
        )


@dataclass(frozen=True)
class Outcome:
    """What an exchange came to. `kept` is the former database, empty where it is gone; `former` holds the former files."""

    exchanged: bool
    kept: str = ""
    former: Path | None = None


def draft_of(folder: Path, moment: str) -> Path:
    """Return where the files that are restored wait."""
    return folder / f"{DRAFT}{moment}"


def begun(folder: Path | None) -> Plan | None:
    """Return the exchange that the journal tells of, None where there is none. Raises LaunchError."""
    if folder is None:
        return None
    try:
        return Plan(**json.loads((folder / JOURNAL).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise LaunchError(f"Le journal de la restauration ne se lit pas : {folder / JOURNAL} ({error}).") from error


def documents(folder: Path) -> Iterator[Path]:
    """Yield what stands in the folder of files and is not ours."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(OURS) and path.name != NOBODYS:
            yield path


def begin(folder: Path | None, plan: Plan) -> None:
    """Put on disk what is about to be exchanged; nothing has changed yet. Raises OSError."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = draft_of(folder, plan.moment)
    if draft.exists():
        _on_disk(draft, *(path for path in draft.rglob("*") if path.is_dir()))
    _note(folder, plan)


def carry_out(owner: Login, folder: Path | None, plan: Plan) -> Outcome:
    """Exchange the databases, then the files, once it was begun. Raises LaunchError with nothing changed, Unsettled in between."""
    try:
        databases.exchange(owner, plan.name, plan.draft, plan.kept)
    except BaseException:
        outcome = _settle(owner, folder, plan)  # the server may have done it, and we did not hear
        if not outcome.exchanged:
            raise
        return outcome
    return _settle(owner, folder, plan)


def settle(owner: Login, folder: Path | None) -> Outcome | None:
    """End an exchange that was cut off, or undo it; None where there is none. Raises Unsettled, LaunchError."""
    plan = begun(folder)
    if plan is not None and plan.name != owner["dbname"]:
        raise LaunchError(f"Une restauration de la base {plan.name} est à finir ; celle-ci est {owner['dbname']}.")
    return None if plan is None else _settle(owner, folder, plan)


def _settle(owner: Login, folder: Path | None, plan: Plan) -> Outcome:
    try:
        if databases.oid(owner, plan.name) != plan.oid:
            return _undo(owner, folder, plan)
        former = _exchange_files(folder, plan) if folder is not None and plan.files else None
        if plan.empty:
            databases.drop(owner, plan.kept)
        forget(folder)
    except (LaunchError, psycopg.Error, OSError) as error:
        raise Unsettled(
            f"La restauration est restée entre deux : {' '.join(str(error).split())}. Réparez ce qui l'arrête, puis tapez"
            f" « {COMMAND} » : la plateforme ne démarre pas avant."
        ) from error
    return Outcome(True, "" if plan.empty else plan.kept, former)


def _undo(owner: Login, folder: Path | None, plan: Plan) -> Outcome:
    """Remove what was prepared: the former database bears the name, and no file was moved."""
    if plan.step != ASIDE or (folder is not None and (folder / f"{FORMER}{plan.moment}").exists()):
        raise LaunchError(
            f"la base {plan.name} n'est plus celle dont les fichiers ont pris place ; remettez ceux de"
            f" {FORMER}{plan.moment} dans {folder}, puis supprimez-y {JOURNAL}"
        )
    databases.drop(owner, plan.draft)
    if folder is not None and draft_of(folder, plan.moment).exists():
        shutil.rmtree(draft_of(folder, plan.moment))
    forget(folder)
    return Outcome(False)


def _exchange_files(folder: Path, plan: Plan) -> Path | None:
    """Move the former files aside, then the restored ones in; return where the former ones are, None without any.

    A journal that says `in` was written when all of the former ones were aside: what stands there since is restored.
    """
    draft, former = draft_of(folder, plan.moment), folder / f"{FORMER}{plan.moment}"
    if plan.step == ASIDE:
        former.mkdir(exist_ok=True)
        for path in documents(folder):
            path.rename(former / path.name)
        _on_disk(former, folder)
        _note(folder, replace(plan, step=IN))
    for path in sorted(draft.iterdir()) if draft.exists() else ():
        if (folder / path.name).exists():
            raise LaunchError(f"{folder / path.name} est apparu entre-temps : déplacez-le")
        path.rename(folder / path.name)
    if draft.exists():
        _on_disk(folder, draft)
        draft.rmdir()
    if former.exists() and not any(former.iterdir()):
        former.rmdir()
    return former if former.exists() else None


def _note(folder: Path, plan: Plan) -> None:
    write_private(folder / JOURNAL, json.dumps(asdict(plan), sort_keys=True))
    _on_disk(folder)


def forget(folder: Path | None) -> None:
    """Remove the journal: everything stands, or nothing has changed."""
    if folder is not None and folder.exists():
        (folder / JOURNAL).unlink(missing_ok=True)
        _on_disk(folder)


def _on_disk(*folders: Path) -> None:
    """Wait until the names in these folders are on disk."""
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
