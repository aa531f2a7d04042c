"""Second stage of bin/test: every check and every test, with its own database server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.socle.launch import cluster, options, packages, postgres
from apps.socle.launch.console import complain, say
from apps.socle.launch.database_urls import refuse_unreachable
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.options import ROOT
from apps.socle.launch.processes import Stopped, die_with_parent, run, stop_signals

WORKERS = "2"
BROWSER_COMMAND = "sudo apt-get install --yes chromium"


@dataclass(frozen=True)
class Counts:
    """What pytest's report says."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def main(arguments: Sequence[str]) -> int:
    """Run checks and tests; returns 0 when all of them are well, else pytest's status or 1."""
    data_dir = options.data_folder(None)
    try:
        with stop_signals():
            browser = packages.ensure_browser(data_dir / "logs")
            with database(data_dir):
                failed = failed_checks(environment(data_dir))
                report = results_file(data_dir)
                status = pytest(arguments, environment(data_dir), report)
    except LaunchError as error:
        complain("test", error)
        return error.status
    except Stopped:
        complain("test", "interrompu.")
        return 130
    say("")
    for name in failed:
        say(f"Vérification en échec : {name}")
    if browser is None:
        say(f"Les tests du navigateur n'ont pas été exécutés : Chromium est introuvable ({BROWSER_COMMAND}).")
    say(str(read_counts(report)))
    return status or int(bool(failed))


@contextmanager
def database(data_dir: Path) -> Iterator[None]:
    """The server of the tests: the one that the environment names, else ours, stopped again if we started it."""
    if os.environ.get("DATABASE_URL"):
        refuse_unreachable(os.environ)
        yield
        return
    running, started = postgres.ensure_running(data_dir, die_with_parent(signal.SIGINT))
    try:
        yield
    finally:
        if started:
            cluster.stop(running)


def failed_checks(environment: Mapping[str, str]) -> list[str]:
    """Run what is checked without a test and return the names of those that fail."""
    python = sys.executable
    checks = {
        "ruff": (python, "-m", "ruff", "check", "--quiet", "."),
        "lint-imports": (str(Path(python).with_name("lint-imports")), "--no-cache"),
        "makemigrations --check": (python, "manage.py", "makemigrations", "--check", "--dry-run"),
    }
    failed = []
    for name, command in checks.items():
        done = subprocess.run(
            command, cwd=ROOT, env=dict(environment), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        say(f"{name} : {'bien' if done.returncode == 0 else 'en échec'}")
        if done.returncode != 0:
            say(done.stdout)
            failed.append(name)
    return failed


def pytest(arguments: Sequence[str], environment: Mapping[str, str], report: Path) -> int:
    """Run pytest, on two cores unless the arguments say otherwise, and return its status."""
    report.unlink(missing_ok=True)
    spread = [] if any(argument.startswith(("-n", "--pdb")) for argument in arguments) else ["-n", WORKERS]
    slowest = ["--durations=10", "--durations-min=5"]
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *slowest, *spread, *arguments]
    return run(command, ROOT, environment)


def environment(data_dir: Path) -> dict[str, str]:
    """Return the environment of the tests; `tests/support/settings.py` drops what else configures Cauris."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, "CAURIS_DATA_DIR": str(data_dir), "CAURIS_ENV": "test"}


def results_file(data_dir: Path) -> Path:
    """Where the report of the last bin/test stands."""
    folder = data_dir / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "results.xml"


def read_counts(report: Path) -> Counts:
    """Read pytest's report; a report that is missing counts nothing."""
    if not report.exists():
        return Counts()
    # The suite's own attributes count subtests too, which pytest's last line does not.
    kinds = [_outcome(case) for case in ElementTree.parse(report).getroot().iter("testcase")]  # noqa: S314 - our own
    return Counts(kinds.count("passed"), kinds.count("failed"), kinds.count("skipped"))


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"
