"""Starts the processes that serve, restarts one that falls, ends all of them."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from apps.socle.launch.console import say
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.files import write_private
from apps.socle.launch.options import ROOT
from apps.socle.launch.processes import end, spawn, tail

ANSWER_SECONDS = 60.0
POLL_SECONDS = 0.5
DATABASE_SECONDS = 3.0
MOST_FALLS = 5
FALL_WINDOW = 60.0
LARGEST_LOG = 20_000_000
LEFT_OVER_PATIENCE = 5.0
SAME_PROCESS_SECONDS = 1.0


@dataclass(frozen=True)
class Service:
    """A program that serves until it is ended; `inherited` are the file descriptors that it needs."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    inherited: tuple[int, ...] = ()


@dataclass
class Supervisor:
    """The services of one data folder. Their process ids are kept in a file for the next start."""

    data_dir: Path
    running: dict[str, tuple[Service, subprocess.Popen[bytes]]] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    falls: list[float] = field(default_factory=list)

    def start(self, service: Service) -> None:
        """Start a service; its output goes to logs/<name>.log."""
        log = self.data_dir / "logs" / f"{service.name}.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        process = spawn(service.command, ROOT, service.environment, log, service.inherited)
        self.running[service.name] = (service, process)
        self._write_down()

    def remember(self, pid: int) -> None:
        """Write down a process that was started elsewhere but ends with us."""
        self.others.append(pid)
        self._write_down()

    def wait_for_answer(self, address: tuple[str, int], log: Path) -> None:
        """Return once the web server answers; raises LaunchError when it falls or stays silent."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            if any(process.poll() is not None for _, process in self.running.values()):
                break
            status = _answer(address)
            if status is not None and status < http.client.INTERNAL_SERVER_ERROR:
                return
            time.sleep(0.1)
        say(tail(log))
        raise LaunchError(f"Le serveur web n'a pas démarré ; son journal : {log}")

    def watch(self, keep_database: Callable[[], None]) -> None:
        """Restart what falls, until a signal ends us; raises LaunchError when something falls again and again.

        `keep_database` is called every `DATABASE_SECONDS` and brings the database back where it is gone.
        """
        looked = time.monotonic()
        while True:
            time.sleep(POLL_SECONDS)
            if time.monotonic() - looked > DATABASE_SECONDS:
                keep_database()
                looked = time.monotonic()
            for name, (service, process) in list(self.running.items()):
                if process.poll() is not None:
                    end([process], patience=0)
                    self._count_fall(name, process.returncode)
                    self.start(service)

    def stop(self) -> None:
        """End every service and whatever it started."""
        end([process for _, process in self.running.values()])
        self.running.clear()
        self._path.unlink(missing_ok=True)

    def end_what_was_left(self) -> set[int]:
        """End the services of an earlier start that was killed; return every process id that it had written down."""
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return set()
        left = [process for entry in known["services"] if (process := _same(*entry)) is not None]
        if left:
            say("Un arrêt brutal a laissé des processus : je les termine.")
        family = [member for process in left for member in (process, *process.children(recursive=True))]
        for process in left:
            _send(process, signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=LEFT_OVER_PATIENCE)
        for process in alive:
            _send(process, signal.SIGKILL)
        psutil.wait_procs(alive, timeout=LEFT_OVER_PATIENCE)
        return {pid for pid, _ in known["services"] + known["others"]}

    def _count_fall(self, name: str, status: int) -> None:
        moment = time.monotonic()
        self.falls = [fall for fall in self.falls if moment - fall < FALL_WINDOW] + [moment]
        log = self.data_dir / "logs" / f"{name}.log"
        if len(self.falls) > MOST_FALLS:
            raise LaunchError(f"« {name} » s'arrête sans cesse (statut {status}) ; son journal : {log}")
        say(f"« {name} » s'est arrêté (statut {status}) : je le relance. Son journal : {log}")

    @property
    def _path(self) -> Path:
        return self.data_dir / "processes.json"

    def _write_down(self) -> None:
        services = [_identity(process.pid) for _, process in self.running.values()]
        others = [_identity(pid) for pid in self.others]
        write_private(self._path, json.dumps({"services": services, "others": others}))


def _identity(pid: int) -> tuple[int, float]:
    """A process id and when that process began, since ids are used again."""
    try:
        return pid, psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return pid, 0.0


def _same(pid: int, began: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return process if alive and abs(process.create_time() - began) < SAME_PROCESS_SECONDS else None
    except psutil.NoSuchProcess:
        return None


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _answer(address: tuple[str, int]) -> int | None:
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("GET", "/sante/vivant/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
