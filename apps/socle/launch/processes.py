"""Child processes that never outlive the launcher, even when it is killed without warning."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 15.0


class Stopped(BaseException):
    """The person, or the system, asked the launcher to stop."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise Stopped at Ctrl-C, SIGTERM or SIGHUP, once: what follows is cleaning up, not to be interrupted."""

    def stop(number: int, frame: FrameType | None) -> None:
        ignore_stop_signals()
        raise Stopped

    # Under nohup SIGHUP is ignored, and stays so.
    wanted = [n for n in ENDING_SIGNALS if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """From here on we are cleaning up."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program so that the kernel sends it `number` when we die.

    Only Linux offers this; elsewhere the next start ends what an earlier one left.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return prepare


def spawn(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    log: Path | None = None,
    inherited: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own; its output goes to `log`, or to the console."""
    output = None
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("ab")
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
            pass_fds=tuple(inherited),
        )
    finally:
        if output is not None:
            output.close()


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], log: Path | None = None) -> int:
    """Run a program to its end and return its status; it is ended with us."""
    process = spawn(command, folder, environment, log)
    try:
        return process.wait()
    except BaseException:
        end([process])
        raise


def end(processes: Sequence[subprocess.Popen[bytes]], patience: float = PATIENCE) -> None:
    """Ask each process to finish, wait `patience` seconds in all, then kill what is left of their groups."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    waited = 0.0
    for process in processes:
        try:
            process.wait(max(patience - waited, 0.1))
        except subprocess.TimeoutExpired:
            waited = patience
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
