"""The tests marked `database`, once more on the PostgreSQL 15 that Debian 12 ships."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from apps.socle.launch import cluster, options, packages, roles, testing
from apps.socle.launch.account import account_for, running_as_root
from apps.socle.launch.cluster import HOST, SUPERUSER, Cluster
from apps.socle.launch.console import complain, say
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.processes import Stopped, die_with_parent, stop_signals
from apps.socle.launch.secrets import database_password

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
PACKAGES = ("postgresql-15",)
VARIABLES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "maintenance": "DATABASE_MAINTENANCE_URL"}


def main(arguments: Sequence[str]) -> int:
    """Run the marked tests and say the sum of bin/test's counts and these; returns pytest's status."""
    data_dir = options.data_folder(None)
    before = testing.read_counts(testing.results_file(data_dir))
    report = data_dir / "tests" / "postgres15.xml"
    try:
        with stop_signals():
            if not _available(data_dir / "logs"):
                say("PostgreSQL 15 est introuvable : les tests de base de données n'y ont pas été exécutés.")
                say(str(before))
                return 0
            with _server() as urls:
                environment = {**testing.environment(data_dir), **urls}
                status = testing.pytest(["-m", "database", *arguments], environment, report)
    except LaunchError as error:
        complain("postgres15", error)
        return error.status
    except Stopped:
        complain("postgres15", "interrompu.")
        return 130
    here = testing.read_counts(report)
    say("")
    say(f"PostgreSQL 15 : {here}")
    say(str(before + here))
    return status


def _available(logs: Path) -> bool:
    if not PROGRAMS.exists() and running_as_root() and shutil.which("apt-get"):
        with suppress(LaunchError):
            packages.install(PACKAGES, "pour les tests sur PostgreSQL 15", logs)
    return PROGRAMS.exists()


@contextmanager
def _server() -> Iterator[dict[str, str]]:
    """A server that lasts as long as the tests, with the three logins; yields the variables that name it."""
    with tempfile.TemporaryDirectory(prefix="cauris-postgres15-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the account that runs the server passes through, and lists nothing
        account = account_for(None)
        home = folder / "pg"
        home.mkdir(mode=0o700)
        account.own(home)
        server = Cluster(home, PROGRAMS, account, folder / "start.log")
        cluster.create(server, database_password(folder, SUPERUSER))
        running = cluster.start(server, cluster.free_port(), die_with_parent(signal.SIGINT))
        try:
            passwords = {login: database_password(folder, login) for login in roles.LOGINS.values()}
            superuser = (
                f"postgresql://{SUPERUSER}:{database_password(folder, SUPERUSER)}@{HOST}:{running.port}/postgres"
            )
            roles.install(superuser, passwords)
            yield {
                VARIABLES[alias]: f"postgresql://{login}:{passwords[login]}@{HOST}:{running.port}/{roles.DATABASE}"
                for alias, login in roles.LOGINS.items()
            }
        finally:
            cluster.stop(running)
