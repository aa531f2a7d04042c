"""One PostgreSQL cluster: made, started, watched and stopped without any wrapper of the wheel's.

The server listens on loopback TCP only. Its pid file is never removed here: after a kill -9 the
server refuses to start for as long as a process of the old one lives, so a start is tried again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from apps.socle.launch.account import Account
from apps.socle.launch.errors import LaunchError

HOST = "127.0.0.1"
SUPERUSER = "postgres"
RETRY_SECONDS = 20.0
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 3.0
RECOVERY_SECONDS = 180.0
STOP_SECONDS = 30.0
ANSWER_SECONDS = 5.0
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""The protocol's first question, which needs no login: length and code, answered by N or S."""

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_line_prefix = '%m [%p] %q%u@%d %a '
"""


class Server(subprocess.Popen[bytes]):
    """A server's process, which is meant to outlive the object, so nothing warns that it does."""

    def __del__(self) -> None:
        self.poll()


_started: list[Server] = []
"""Servers that this process started. They are polled before another start: a dead one that nobody
waits for keeps its process id, and the new server would take that for a living one."""


@dataclass(frozen=True)
class Cluster:
    """Where a cluster stands and who runs it. `log` takes what the server says before its own log exists."""

    home: Path
    programs: Path
    account: Account
    log: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()


@dataclass(frozen=True)
class Running:
    """What the pid file of a ready server says."""

    pid: int
    port: int


def find_running(data: Path) -> Running | None:
    """Return the ready server of the folder `data`, or None."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        running = Running(int(lines[0]), int(lines[3]))
        ready = lines[7].strip() == "ready" and os.path.realpath(lines[1]) == os.path.realpath(data)
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    if not ready or not _is_postgres(running.pid):
        return None
    return running if _answers(running.port) else None


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _answers(port: int) -> bool:
    """Whether a server speaks: one that was just killed still accepts connections, and never answers."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in {b"N", b"S"}
    except OSError:
        return False


def create(cluster: Cluster, superuser_password: str) -> None:
    """Run initdb into a draft folder and move it into place, so that an interrupted one leaves nothing behind."""
    for left_over in cluster.home.glob("draft-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    draft = cluster.home / f"draft-{os.getpid()}"
    descriptor, password_file = tempfile.mkstemp(dir=cluster.home)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(superuser_password)
        cluster.account.own(Path(password_file))
        done = subprocess.run(
            [
                cluster.programs / "initdb",
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ],
            cwd=cluster.home,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **cluster.account.subprocess_options(),
        )
    finally:
        Path(password_file).unlink(missing_ok=True)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise LaunchError(_in_words(done.stderr or done.stdout, cluster.home, "PostgreSQL n'a pas pu créer sa base"))
    with (draft / "postgresql.auto.conf").open("a", encoding="utf-8") as stream:
        stream.write(CONFIGURATION)
    draft.rename(cluster.data)


def start(cluster: Cluster, port: int, die_with_parent: Callable[[], None] | None = None) -> Running:
    """Start the server and return once it accepts connections; a busy port is replaced by a free one.

    The server outlives this process unless `die_with_parent`, run in the child, asks otherwise.
    Raises LaunchError when it cannot start within `RETRY_SECONDS`.
    """
    deadline = time.monotonic() + RETRY_SECONDS
    pause = FIRST_PAUSE
    while True:
        _started[:] = [server for server in _started if server.poll() is None]
        log_start = cluster.log.stat().st_size if cluster.log.exists() else 0
        process = _spawn(cluster, port if _is_free(port) else free_port(), die_with_parent)
        _started.append(process)
        running = _wait_ready(cluster, process)
        if running is not None:
            return running
        with cluster.log.open(encoding="utf-8", errors="replace") as stream:
            stream.seek(log_start)
            said = stream.read()
        if time.monotonic() > deadline or not _may_pass(said):
            raise LaunchError(_in_words(said, cluster.home, "PostgreSQL n'a pas démarré"))
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def stop(running: Running) -> None:
    """Stop a server: clients are cut off, everything committed is on disk when this returns."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        try:
            psutil.Process(running.pid).send_signal(number)
        except psutil.NoSuchProcess:
            return
        if _is_gone(running.pid, STOP_SECONDS):
            return


def _is_gone(pid: int, patience: float) -> bool:
    """Wait until the process has ended, even when its parent has not noticed yet."""
    deadline = time.monotonic() + patience
    while _is_postgres(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _spawn(cluster: Cluster, port: int, die_with_parent: Callable[[], None] | None) -> Server:
    cluster.log.parent.mkdir(parents=True, exist_ok=True)
    with cluster.log.open("ab") as log:
        return Server(
            [cluster.programs / "postgres", "-D", cluster.data, "-c", f"port={port}"],
            cwd=cluster.home,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,
            **cluster.account.subprocess_options(),
        )


def _wait_ready(cluster: Cluster, process: Server) -> Running | None:
    """Return the server once it is ready, None when it gave up; replaying its journal may take minutes."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while process.poll() is None:
        running = find_running(cluster.data)
        if running is not None and running.pid == process.pid:
            return running
        if time.monotonic() > deadline:
            process.send_signal(signal.SIGINT)
            raise LaunchError(
                f"PostgreSQL n'est pas prêt après {RECOVERY_SECONDS:.0f} s ; son journal : {cluster.log}."
            )
        time.sleep(0.03)
    return None


def _may_pass(said: str) -> bool:
    """Whether the refusal is one that a little patience cures: the old server's processes, a port just taken."""
    return any(
        words in said
        for words in (
            "lock file",
            "shared memory block",
            "could not bind",
            "could not create any TCP/IP sockets",
            "could not lock",
        )
    )


def _in_words(said: str, home: Path, what: str) -> str:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return f"Le disque est plein : {what} sous {home}."
    if "database files are incompatible" in said:
        return f"{what} : les données sous {home} viennent d'une autre version de PostgreSQL."
    refusals = [line.strip() for line in said.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    reason = refusals[-1] if refusals else (said.strip().splitlines() or ["sans explication"])[-1]
    return f"{what} sous {home} : {reason}"


def _environment() -> dict[str, str]:
    """A bare environment: PG* variables of the caller must not reach the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
