"""Second stage of bin/start: database, migrations, demo, static files, then the processes that serve."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.socle.launch import account, checks, cluster, options, postgres, secrets, stamps
from apps.socle.launch.console import complain, say
from apps.socle.launch.database_urls import refuse_unreachable
from apps.socle.launch.errors import LaunchError, said_in_words
from apps.socle.launch.options import ROOT, Options
from apps.socle.launch.processes import Stopped, die_with_parent, ignore_stop_signals, run, stop_signals, tail
from apps.socle.launch.supervisor import Service, Supervisor

BROKER_FOLDERS = ("queue", "processed", "control")
WEB_LOGINS = "default"
"""Web, worker and beat get the runtime login only; migrations have the owner's."""


def main(arguments: Sequence[str]) -> int:
    """Serve until asked to stop; returns the exit status."""
    try:
        asked = options.parse(arguments)
        with stop_signals(), Launch(asked) as launch, said_in_words(asked.data_dir):
            launch.run()
    except LaunchError as error:
        complain("start", error)
        return error.status
    except Stopped:
        say("Cauris est arrêté.")
    return 0


class Launch:
    """One start of the platform, from the checks to the end of the last process."""

    def __init__(self, asked: Options) -> None:
        self.asked = asked
        self.data_dir = asked.data_dir
        self.logs = asked.data_dir / "logs"
        self.lock: int | None = None
        self.listener: socket.socket | None = None
        self.stamps = stamps.Stamps(asked.data_dir)
        self.supervisor = Supervisor(asked.data_dir)
        self.database: cluster.Running | None = None
        self.found = False
        """Whether the server ran before us."""

    def __enter__(self) -> Launch:
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop what was started: those who use the database first, then the database."""
        ignore_stop_signals()
        if self.supervisor.running or self.database:
            say("Arrêt…")
        self.supervisor.stop()
        if self.listener is not None:
            self.listener.close()
        self._stop_database()
        if self.lock is not None:
            os.close(self.lock)

    def run(self) -> None:
        """Prepare, then serve until asked to stop."""
        try:
            self.prepare()
            self.serve()
        except LaunchError:
            checks.refuse_full(self.data_dir)
            raise

    def prepare(self) -> None:
        """Bring the machine to the point where the platform can be served."""
        checks.writable(self.data_dir)
        self._be_the_only_one()
        left = self.supervisor.end_what_was_left()
        self.listener = checks.listening_socket(self.asked.host, self.asked.port)
        if account.running_as_root():
            say("Vous êtes root : c'est bon pour essayer seulement.")
        secrets.master_secret(self.data_dir)
        for name in BROKER_FOLDERS:
            (self.data_dir / "broker" / name).mkdir(parents=True, exist_ok=True)
        self._start_database(left)
        self._migrate()
        self._collect_static()
        if self.asked.demo:
            self._load_demo()

    def serve(self) -> None:
        """Start web, worker and beat, say where, and watch them until asked to stop."""
        assert self.listener is not None
        for service in self._services(self.listener):
            self.supervisor.start(service)
        self.supervisor.wait_for_answer(self._reachable_address(), self.logs / "web.log")
        self._announce()
        self.supervisor.watch(self._keep_database)

    def environment(self, logins: str = "") -> dict[str, str]:
        """Return the children's environment; `logins` restricts the database logins that they hold."""
        environment = {
            **os.environ,
            "CAURIS_DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        if self.asked.demo:
            environment["CAURIS_SECOND_FACTOR"] = "optional"
        if "ALLOWED_HOSTS" not in os.environ:
            environment["ALLOWED_HOSTS"] = ",".join(self._hosts())
        if logins:
            environment["CAURIS_DATABASE_LOGINS"] = logins
            environment.pop("DATABASE_OWNER_URL", None)
            environment.pop("DATABASE_MAINTENANCE_URL", None)
        return environment

    def _be_the_only_one(self) -> None:
        path = self.data_dir / "start.lock"
        self.lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = path.read_text(encoding="utf-8").strip() or "démarrage en cours"
            raise LaunchError(f"Cauris tourne déjà sur {self.data_dir} ({who}).") from None
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"processus {os.getpid()}".encode(), 0)

    def _start_database(self, left: set[int]) -> None:
        if os.environ.get("DATABASE_URL"):
            refuse_unreachable(os.environ)
            say("Base de données : celle de DATABASE_URL")
            return
        running = self._own_server(left)
        home = postgres.home_of(self.data_dir)
        say(f"Base de données : PostgreSQL embarqué, {cluster.HOST}:{running.port}, données sous {home}")

    def _own_server(self, left: set[int]) -> cluster.Running:
        """Return the embedded server, whoever started it; what nobody else works in ends with us."""
        running, started = postgres.ensure_running(self.data_dir, die_with_parent(signal.SIGINT))
        self.database, self.found = running, not started and running.pid not in left
        if not self.found:
            self.supervisor.remember(running.pid)
        return running

    def _stop_database(self) -> None:
        """Stop the embedded server; one that we found running is left to whoever still works in it, and that is said."""
        if self.database is None:
            return
        others = postgres.clients(self.data_dir, self.database) if self.found else []
        if others:
            say(f"PostgreSQL continue, une commande y travaille encore ({', '.join(others)}).")
            say("Quand elle aura fini : .venv/bin/python manage.py arreter_postgres")
            return
        cluster.stop(self.database)

    def _keep_database(self) -> None:
        """Start the embedded server again when it was killed, or stopped by whoever had started it."""
        if not os.environ.get("DATABASE_URL") and postgres.find(self.data_dir) is None:
            say("PostgreSQL s'est arrêté : je le relance.")
            self._own_server(set())

    def _manage(self, what: str, *command: str, show: bool = False) -> None:
        say(f"{what}…")
        log = None if show else self.logs / "start.log"
        status = run([sys.executable, ROOT / "manage.py", *command], ROOT, self.environment(), log)
        if status != 0:
            checks.refuse_full(self.data_dir)
            if log is not None:
                say(tail(log))
            raise LaunchError(f"« manage.py {command[0]} » a échoué (statut {status}) ; le reste est dans {self.logs}.")

    def _migrate(self) -> None:
        wanted = stamps.fingerprint(ROOT, stamps.CODE)
        real = bool(os.environ.get("DATABASE_URL"))
        if real or not self.stamps.is_current("schema", wanted):
            self._manage("Schéma de la base", "migrate", "--noinput", "--verbosity=0")
            if not real:
                self.stamps.done("schema", wanted)

    def _collect_static(self) -> None:
        wanted = stamps.fingerprint(ROOT, stamps.STATIC)
        if self.stamps.is_current("static", wanted) and (self.data_dir / "static").exists():
            return
        shutil.rmtree(self.data_dir / "static", ignore_errors=True)
        self._manage("Fichiers statiques", "collectstatic", "--noinput", "--verbosity=0")
        self.stamps.done("static", wanted)

    def _load_demo(self) -> None:
        """Load the demonstration once; what changes in the code does not load it again."""
        if not self.stamps.is_current("demo", "loaded") or not self._accounts.exists():
            self._manage("Données de démonstration", "charger_demo", show=True)
            self.stamps.done("demo", "loaded")

    @property
    def _accounts(self) -> Path:
        return self.data_dir / "demo-accounts.json"

    def _services(self, listener: socket.socket) -> tuple[Service, ...]:
        environment = self.environment(WEB_LOGINS)
        level = environment.get("CAURIS_LOG_LEVEL", "INFO")
        python = sys.executable
        celery = (python, "-m", "celery", "--app=config")
        web = (python, "-m", "gunicorn", "--config=python:config.gunicorn", f"--bind=fd://{listener.fileno()}")
        # Threads: a worker killed without warning leaves no pool of children behind.
        worker = (*celery, "worker", "--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle")
        return (
            Service("web", (*web, "config.wsgi:application"), environment, (listener.fileno(),)),
            Service("worker", (*worker, f"--loglevel={level}"), environment),
            Service("beat", (*celery, "beat", "--pidfile=", f"--loglevel={level}"), environment),
        )

    def _hosts(self) -> list[str]:
        """Host names under which the served address may be asked for."""
        names = ["localhost", "127.0.0.1", "[::1]"]
        if self.asked.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            names += [socket.gethostname(), *socket.gethostbyname_ex(socket.gethostname())[2]]
        elif self.asked.host not in names:
            names.append(f"[{self.asked.host}]" if ":" in self.asked.host else self.asked.host)
        return names

    def _reachable_address(self) -> tuple[str, int]:
        assert self.listener is not None
        host, port = self.listener.getsockname()[:2]
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound

    def _announce(self) -> None:
        host, port = self._reachable_address()
        say("")
        say(f"Cauris est prêt : http://{f'[{host}]' if ':' in host else host}:{port}/")
        if self.asked.demo:
            say(f"Comptes de démonstration (aussi dans {self._accounts}) :")
            for line in account_lines(json.loads(self._accounts.read_text(encoding="utf-8"))):
                say(line)
        say(f"Journaux : {self.logs}. Ctrl-C arrête tout.")


def account_lines(accounts: Sequence[dict[str, str]]) -> list[str]:
    """Return the demo accounts as aligned lines, one for each person with every house that person works in."""
    people: dict[str, dict[str, str]] = {}
    for entry in accounts:
        known = people.get(entry["username"])
        people[entry["username"]] = {**known, "tenant": f"{known['tenant']}, {entry['tenant']}"} if known else entry
    columns = ("role", "tenant", "username", "password")
    widths = {name: max(len(entry[name]) for entry in people.values()) for name in columns} if people else {}
    return ["  " + "  ".join(entry[name].ljust(widths[name]) for name in columns).rstrip() for entry in people.values()]
