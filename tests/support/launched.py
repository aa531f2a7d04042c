"""Real processes of bin/start, in data folders of their own."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import psutil

from apps.socle.launch import cluster, postgres
from config.environment import VARIABLES

ROOT = Path(__file__).resolve().parent.parent.parent
READY = "Cauris est prêt : "
PATIENCE = 90.0


def plain_environment(**more: str) -> dict[str, str]:
    """The environment of a newcomer: nothing configures Cauris but `more`."""
    # The last is set for this process while Chromium is open (see `browser.py`).
    ours = {variable.name for variable in VARIABLES} | {"DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **more}


def run_start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run bin/start, which is expected to refuse, to its end."""
    return subprocess.run(
        [ROOT / "bin" / "start", *arguments],
        env=plain_environment(**environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that any account may enter, as a clone usually is; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="cauris-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Started:
    """A bin/start that runs."""

    running: ClassVar[list[Started]] = []

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [ROOT / "bin" / "start", *arguments],
            env=plain_environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.running.append(self)

    @classmethod
    def stop_all(cls) -> None:
        """End those that a failed test left."""
        for left in cls.running:
            if left.process.poll() is None:
                left.stop(signal.SIGTERM)
        cls.running.clear()

    def wait_ready(self) -> str:
        """Return the address that it announces."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            line = self._queue.get(timeout=PATIENCE)
            if line is None:
                break
            self.lines.append(line)
            if READY in line:
                return line.partition(READY)[2].strip()
        raise AssertionError("bin/start did not become ready:\n" + "".join(self.lines))

    def rest(self) -> str:
        """Return what it said since it was ready, once it has ended."""
        said = []
        while (line := self._queue.get(timeout=PATIENCE)) is not None:
            said.append(line)
        return "".join(said)

    def family(self) -> list[psutil.Process]:
        """Every process that it started, and itself."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Return the exit status, once the last process that writes to its output is gone."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._queue.put(line)
        self._queue.put(None)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of the processes that still run; a zombie does not."""
    return [p for p in processes if p.is_running() and _status(p) != psutil.STATUS_ZOMBIE]


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def stop_server(data_dir: Path) -> None:
    """Stop the embedded server of a data folder, where one runs."""
    running = postgres.find(data_dir)
    if running is not None:
        cluster.stop(running)


def _status(process: psutil.Process) -> str:
    try:
        return process.status()
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE
