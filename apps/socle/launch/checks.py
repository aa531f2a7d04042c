"""What can be known to fail before anything is installed: port, folder, disk."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

from apps.socle.launch.errors import LaunchError, said_in_words

NEEDED_BYTES = 300 * 1024 * 1024
MEBIBYTE = 1024 * 1024
FULL_BYTES = 16 * MEBIBYTE
"""Less than one file of PostgreSQL's journal: whatever failed, this is why."""


def writable(data_dir: Path, needed: int = NEEDED_BYTES) -> None:
    """Create `data_dir` and raise LaunchError when it cannot be written or its disk is full (`needed` in bytes)."""
    with said_in_words(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(data_dir).free
    if free < needed:
        raise LaunchError(
            f"Le disque est presque plein : il reste {free // MEBIBYTE} Mo sous {data_dir}, "
            f"il en faut {needed // MEBIBYTE}."
        )


def refuse_full(data_dir: Path) -> None:
    """Raise LaunchError when the disk has filled up meanwhile: called when something else failed."""
    if data_dir.exists() and shutil.disk_usage(data_dir).free < FULL_BYTES:
        raise LaunchError(f"Le disque est plein : plus de place pour écrire sous {data_dir}.")


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket, which the web server inherits; raises LaunchError when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise LaunchError(f"L'adresse {host} est inconnue de cette machine.") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise LaunchError(_refused(host, port, error)) from error
    return listener


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Le port {port} est déjà pris ; choisissez-en un autre, par exemple : bin/start --port {port + 1}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Le port {port} est réservé à root ; choisissez-en un au-dessus de 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"Cette machine n'a pas l'adresse {host}."
    return f"Impossible d'écouter sur {host}:{port} ({error.strerror})."
