"""Debian packages that the Python packages lean on: installed as root, else the command to type is said."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from apps.socle.launch.account import running_as_root
from apps.socle.launch.console import say
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.processes import run, tail

PAPER = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core", "fonts-liberation")
"""WeasyPrint's libraries; Liberation for the text, DejaVu for U+202F, which Liberation lacks."""
PAPER_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
BROWSER = ("chromium",)
BROWSER_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
VENV = ("python3-venv",)


def ensure_paper(log_folder: Path) -> None:
    """Make sure that PDF files can be printed; raises LaunchError with the command to type."""
    absent = missing(PAPER) if has_dpkg() else [name for name in PAPER_LIBRARIES if not _loads(name)]
    if not absent:
        return
    if not has_dpkg():
        raise LaunchError(f"Il manque pour imprimer les PDF : {', '.join(absent)} (Pango et HarfBuzz).")
    install(absent, "pour imprimer les PDF", log_folder)


def find_browser() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next((path for name in BROWSER_PROGRAMS if (path := shutil.which(name))), None)


def ensure_browser(log_folder: Path) -> str | None:
    """Return the path of a Chromium, installing it where we may; None, without an error, where we may not."""
    if find_browser() is None and running_as_root() and shutil.which("apt-get"):
        with suppress(LaunchError):
            install(list(BROWSER), "pour les tests du navigateur", log_folder)
    return find_browser()


def install(names: Sequence[str], purpose: str, log_folder: Path) -> None:
    """Install Debian packages as root; raises LaunchError with the command to type where we are not."""
    command = f"apt-get install --yes --no-install-recommends {' '.join(names)}"
    if not running_as_root() or shutil.which("apt-get") is None:
        raise LaunchError(f"Il manque des paquets Debian {purpose}. Tapez : sudo {command}")
    say(f"Paquets Debian {purpose} : {', '.join(names)}")
    log = log_folder / "apt.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if run(command.split(), Path("/"), environment, log) == 0:
        return
    run(["apt-get", "update"], Path("/"), environment, log)
    if run(command.split(), Path("/"), environment, log) != 0:
        say(tail(log))
        raise LaunchError(f"L'installation de paquets Debian a échoué ; la commande était : {command}")


def missing(names: Sequence[str]) -> list[str]:
    """Return those of the Debian packages that are not installed."""
    return [name for name in names if not _installed(name)]


def has_dpkg() -> bool:
    return shutil.which("dpkg-query") is not None


def _installed(name: str) -> bool:
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name],  # noqa: S607 - dpkg is found by PATH
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and done.stdout.strip() == "installed"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
