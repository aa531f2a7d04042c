"""The real web process, on the database of the tests: started, killed, started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connections

from tests.support.database import connect_as
from tests.support.launched import ROOT, plain_environment, wait_until

PATIENCE = 60.0
SESSIONS = "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()"


class WebProcess:
    """gunicorn with its workers, as `bin/start` runs it, with the runtime's login only."""

    def __init__(self, name: str, log: Path, processes: int = 2, threads: int = 4) -> None:
        self.name, self.log = name, log
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = self.listener.getsockname()
        self._environment = plain_environment(
            DJANGO_SETTINGS_MODULE="tests.support.settings",
            CAURIS_DATA_DIR=str(settings.DATA_DIR),
            CAURIS_WEB_PROCESSES=str(processes),
            CAURIS_WEB_THREADS=str(threads),
            DATABASE_URL=_runtime_url(name),
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "--config=python:config.gunicorn"]
        command += [f"--bind=fd://{self.listener.fileno()}", "config.wsgi:application"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, pass_fds=[self.listener.fileno()]
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of the master, then of every worker, and wait until PostgreSQL has let go of them."""
        assert self.process is not None
        master = psutil.Process(self.process.pid)
        family = [master, *master.children(recursive=True)]
        for member in family:
            os.kill(member.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        psutil.wait_procs(family, PATIENCE)
        assert wait_until(lambda: self._sessions() == 0), "PostgreSQL still holds sessions of the killed processes"

    def stop(self) -> None:
        """Stop it gently."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self.listener.close()

    def _answers(self) -> bool:
        """Ask for the health page: a connection alone says nothing, the socket listens before gunicorn does."""
        with socket.create_connection(self.address, timeout=PATIENCE) as asking:
            asking.settimeout(1.0)
            try:
                asking.sendall(b"GET /sante/vivant/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return asking.recv(32).startswith(b"HTTP/1.1 200")
            except TimeoutError:
                return False

    def _sessions(self) -> int:
        with connect_as("owner") as owner:
            row = owner.execute(SESSIONS, [self.name]).fetchone()
        return int(row[0]) if row else 0


def _runtime_url(application: str) -> str:
    """Return the runtime's login to the database of the tests; its sessions bear the name `application`."""
    base = connections["default"].settings_dict
    login = f"{quote(base['USER'], safe='')}:{quote(base['PASSWORD'], safe='')}"
    return f"postgresql://{login}@{base['HOST']}:{base['PORT']}/{base['NAME']}?application_name={application}"
