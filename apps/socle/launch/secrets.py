"""Secrets of a machine that runs its own database: made once, kept under `var/secrets`, mode 0600."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from apps.socle.launch.errors import said_in_words
from apps.socle.launch.files import locked, private_folder, write_private

MASTER_SECRET_BYTES = 32
PASSWORD_BYTES = 24


def django_key(data_dir: Path) -> str:
    """Return Django's SECRET_KEY of this machine, made on first call (86 characters).

    Raises LaunchError when the folder cannot be written.
    """
    return _once(data_dir, "django-key", lambda: secrets.token_urlsafe(64))


def master_secret(data_dir: Path) -> str:
    """Return the master secret (32 bytes, hexadecimal) from which signing keys are derived."""
    return _once(data_dir, "master", lambda: secrets.token_hex(MASTER_SECRET_BYTES))


def database_password(data_dir: Path, login: str) -> str:
    """Return the password of a login of the embedded server; hexadecimal, so no URL needs quoting."""
    return _once(data_dir, f"postgres-{login}", lambda: secrets.token_hex(PASSWORD_BYTES))


def _once(data_dir: Path, name: str, make: Callable[[], str]) -> str:
    path = data_dir / "secrets" / name
    with said_in_words(data_dir):
        if not path.exists():
            folder = private_folder(path.parent)
            with locked(folder / ".lock"):
                if not path.exists():
                    write_private(path, make())
        return path.read_text(encoding="utf-8").strip()
