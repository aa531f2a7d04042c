"""First stage of bin/start and bin/test: the virtual environment, with nothing but the standard library."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apps.socle.launch import checks, options, packages
from apps.socle.launch.console import complain, say
from apps.socle.launch.errors import LaunchError, said_in_words
from apps.socle.launch.options import ROOT
from apps.socle.launch.processes import Stopped, run, stop_signals, tail

ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "cauris-requirements.sha256"
REQUIREMENTS = ROOT / "requirements.txt"
BUILD_CONSTRAINTS = ROOT / "bin" / "build-constraints.txt"
OLDEST = (3, 11)
LOG_NAME = "installation.log"
INSTALLED_BYTES = 900 * 1024 * 1024
HAND_OVER = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from importlib import import_module; sys.exit(import_module(sys.argv.pop(1)).main(sys.argv[1:]))"
)
SECOND_STAGE = {
    "start": "apps.socle.launch.start",
    "test": "apps.socle.launch.testing",
    "postgres15": "apps.socle.launch.debian_postgres",
}


def main(command: str, arguments: Sequence[str]) -> int:
    """Set the environment up and become the second stage of `command`; returns only when something is in the way."""
    try:
        with stop_signals():
            data_dir = _early_checks(command, arguments)
            _ensure_environment(data_dir / "logs")
            packages.ensure_paper(data_dir / "logs")
    except LaunchError as error:
        complain(command, error)
        return error.status
    except Stopped:
        complain(command, "interrompu.")
        return 130
    return _become(command, arguments)


def _become(command: str, arguments: Sequence[str]) -> NoReturn:
    sys.stdout.flush()
    stage = SECOND_STAGE[command]
    os.execv(PYTHON, [str(PYTHON), "-I", "-c", HAND_OVER, str(ROOT), stage, *arguments])  # noqa: S606 - no shell wanted


def _early_checks(command: str, arguments: Sequence[str]) -> Path:
    """Find out what is in the way before minutes are spent on installing."""
    if command != "start":
        data_dir = options.data_folder(None)
        checks.writable(data_dir)
        return data_dir
    asked = options.parse(arguments)
    checks.writable(asked.data_dir)
    return asked.data_dir


def _ensure_environment(logs: Path) -> None:
    with REQUIREMENTS.open() as lock, said_in_words(ROOT):
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starters at once: one installs, the other waits
        if not _works(PYTHON):
            _create_environment(logs)
        if not STAMP.exists() or STAMP.read_text(encoding="utf-8") != _fingerprint():
            _install_requirements(logs)


def _works(python: Path) -> bool:
    if not os.access(python, os.X_OK):
        return False
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([python, "-I", "-c", check], capture_output=True, check=False).returncode == 0


def _create_environment(logs: Path) -> None:
    say(f"Environnement Python : création de {ENVIRONMENT.name} (Python {sys.version.split()[0]})")
    base = Path(sys.executable) if sys.prefix == sys.base_prefix else Path(sys.base_prefix) / "bin" / "python3"
    if _venv(base, logs) == 0:
        return
    if packages.has_dpkg() and packages.missing(packages.VENV):
        packages.install(packages.VENV, "pour créer un environnement Python", logs)
        if _venv(base, logs) == 0:
            return
    raise LaunchError(
        f"Impossible de créer l'environnement Python {ENVIRONMENT} : {tail(logs / LOG_NAME, 1) or 'dossier non accessible'}"
    )


def _venv(base: Path, logs: Path) -> int:
    if ENVIRONMENT.is_symlink() or not os.access(ROOT, os.W_OK):
        raise LaunchError(
            f"{ENVIRONMENT} ne s'exécute pas avec ce compte, qui ne peut pas le refaire. Clonez le dépôt ailleurs."
        )
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    return run([base, "-m", "venv", ENVIRONMENT], ROOT, os.environ, logs / LOG_NAME)


def _install_requirements(logs: Path) -> None:
    log = logs / LOG_NAME
    say("Dépendances Python : installation (une à trois minutes la première fois)")
    if not os.access(ENVIRONMENT, os.W_OK):
        raise LaunchError(
            f"{ENVIRONMENT} n'est pas à jour et ce compte ne peut pas y écrire ; clonez le dépôt ailleurs."
        )
    checks.writable(ENVIRONMENT, INSTALLED_BYTES)
    constraints = str(BUILD_CONSTRAINTS)
    environment = {**os.environ, "PIP_CONSTRAINT": constraints, "PIP_BUILD_CONSTRAINT": constraints}
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    if run([*command, "--requirement", REQUIREMENTS], ROOT, environment, log) != 0:
        said = tail(log)
        if "No space left on device" in said:
            raise LaunchError(f"Le disque est plein : plus de place pour installer les dépendances sous {ENVIRONMENT}.")
        say(said)
        raise LaunchError(f"L'installation des dépendances a échoué ; tout ce que pip a dit est dans {log}.")
    STAMP.write_text(_fingerprint(), encoding="utf-8")


def _fingerprint() -> str:
    version = subprocess.run([PYTHON, "--version"], capture_output=True, check=True).stdout
    return hashlib.sha256(REQUIREMENTS.read_bytes() + BUILD_CONSTRAINTS.read_bytes() + version).hexdigest()
