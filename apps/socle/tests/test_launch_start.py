"""bin/start as a newcomer meets it: real processes, a data folder of their own."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from apps.socle.launch import postgres
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.postgres import embedded_urls
from tests.support.launched import ROOT, Started, alive, open_folder, run_start, stop_server, wait_until

pytestmark = [pytest.mark.launcher, pytest.mark.xdist_group("launcher")]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "var"
        Started.stop_all()
        stop_server(folder / "var")


def start(data_dir: Path) -> Started:
    return Started("--port", "0", "--no-demo", "--data", str(data_dir))


def status_of(address: str) -> int:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", "/sante/vivant/")
        return connection.getresponse().status
    finally:
        connection.close()


def programs(processes: list[psutil.Process]) -> str:
    return " ".join(" ".join(process.cmdline()) for process in alive(processes))


def keep_a_row(data_dir: Path) -> None:
    with psycopg.connect(embedded_urls(data_dir)["owner"], autocommit=True) as owner:
        owner.execute("create table kept (amount numeric)")
        owner.execute("insert into kept values (11500)")


def kept(data_dir: Path) -> int:
    with psycopg.connect(embedded_urls(data_dir)["owner"]) as owner:
        return owner.execute("select amount from kept").fetchone()[0]


def test_the_life_of_an_installation(data_dir):
    """One story, since each step needs the one before: serve, be alone, be killed, recover, stop."""
    first = start(data_dir)
    address = first.wait_ready()
    family = first.family()
    assert status_of(address) < 500
    for program in ("gunicorn", "worker", "beat", "postgres"):
        assert program in programs(family)
    keep_a_row(data_dir)

    psutil.Process(postgres.find(data_dir).pid).kill()
    assert wait_until(lambda: postgres.find(data_dir) is not None, seconds=40)
    assert status_of(address) < 500
    family = first.family()
    assert "postgres" in programs(family)

    second = run_start("--port", "0", "--no-demo", "--data", str(data_dir))
    assert second.returncode != 0
    assert "Cauris tourne déjà" in second.stderr
    assert str(first.process.pid) in second.stderr

    first.process.kill()
    assert wait_until(lambda: not alive(family)), programs(alive(family))
    first.wait()

    third = start(data_dir)
    third.wait_ready()
    family = third.family()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert wait_until(lambda: not alive(family))
    third.wait()

    fourth = start(data_dir)
    assert status_of(fourth.wait_ready()) < 500
    assert kept(data_dir) == 11500
    family = fourth.family()
    assert fourth.stop(signal.SIGTERM) == 0
    assert not alive(family), programs(alive(family))
    assert postgres.find(data_dir) is None


def test_a_server_that_someone_else_started_stops_when_nobody_else_works_in_it(data_dir):
    urls = embedded_urls(data_dir)
    before = postgres.find(data_dir)
    started = start(data_dir)
    started.wait_ready()
    family = started.family()
    assert "postgres" not in programs(family)
    with psycopg.connect(urls["owner"], application_name="reprise-en-cours"):
        assert started.stop(signal.SIGINT) == 0
        assert not alive(family)
        assert postgres.find(data_dir) == before
        assert "PostgreSQL continue, une commande y travaille encore (reprise-en-cours)." in started.rest()
        with pytest.raises(LaunchError, match=r"sert encore \(reprise-en-cours\)"):
            postgres.stop(data_dir)

    again = start(data_dir)
    again.wait_ready()
    assert again.stop(signal.SIGINT) == 0
    assert postgres.find(data_dir) is None


def test_a_server_that_a_command_left_is_stopped_by_another(data_dir):
    embedded_urls(data_dir)
    environment = {"PATH": "/usr/bin:/bin", "CAURIS_DATA_DIR": str(data_dir)}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "arreter_postgres"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "PostgreSQL est arrêté.\n"), done.stderr
    assert postgres.find(data_dir) is None
    assert not postgres.stop(data_dir)


def test_a_busy_port_is_said_in_a_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run_start("--port", str(port), "--no-demo", "--data", str(tmp_path))
    assert done.returncode != 0
    assert f"Le port {port} est déjà pris" in done.stderr
    assert done.stderr.count("\n") == 1
    assert postgres.find(tmp_path) is None


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://u:secret@127.0.0.1:1/cauris", "La base de données de DATABASE_URL ne répond pas"),
        ("mysql://u:secret@127.0.0.1/cauris", "DATABASE_URL n'est pas l'adresse d'un PostgreSQL"),
    ],
)
def test_an_unreachable_database_is_said_in_a_sentence_without_its_password(tmp_path, url, sentence):
    done = run_start(
        "--port", "0", "--no-demo", "--data", str(tmp_path), DATABASE_URL=url, DATABASE_OWNER_URL="postgresql:///x"
    )
    assert done.returncode != 0
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        ([], {"DATABASE_URL": "postgresql:///x"}, "les données de démonstration y sont refusées"),
        ([], {"CAURIS_ENV": "production"}, "les données de démonstration y sont refusées"),
        (
            ["--no-demo"],
            {"DATABASE_URL": "postgresql:///x", "CAURIS_SECOND_FACTOR": "optional"},
            "CAURIS_SECOND_FACTOR doit y rester",
        ),
        (["--no-demo"], {"DATABASE_URL": "postgresql:///x"}, "DATABASE_URL est donné sans DATABASE_OWNER_URL"),
        (["--port", "huit"], {}, "Argument refusé"),
        (["--port", "70000"], {}, "n'est pas un port"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_status_2(tmp_path, arguments, environment, sentence):
    done = run_start(*arguments, "--data", str(tmp_path), **environment)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_host_that_is_not_ours_is_said_in_a_sentence(tmp_path):
    done = run_start("--host", "203.0.113.7", "--no-demo", "--data", str(tmp_path))
    assert done.returncode != 0
    assert "n'a pas l'adresse 203.0.113.7" in done.stderr


def test_help_installs_nothing():
    done = run_start("--help")
    assert done.returncode == 0
    assert "--no-demo" in done.stdout


@pytest.mark.parametrize(
    ("version", "said"), [("3.9", "seulement Python 3.9"), (None, "aucun Python")], ids=["old", "absent"]
)
def test_an_old_python_is_said_in_a_sentence(tmp_path, version, said):
    (tmp_path / "bin").mkdir()
    for name in ("start", ".python"):
        (tmp_path / "bin" / name).write_bytes((ROOT / "bin" / name).read_bytes())
        (tmp_path / "bin" / name).chmod(0o755)
    path = tmp_path / "path"
    path.mkdir()
    for tool in ("dirname", "readlink", "sh"):
        found = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip()
        (path / tool).symlink_to(found)
    if version:
        old = path / "python3"
        old.write_text(f'#!/bin/sh\ncase "$2" in *version_info\\ \\<*|*exit*) exit 1 ;; *) echo {version} ;; esac\n')
        old.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "bin" / "start"], env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Cauris demande Python 3.11 ou plus récent" in done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
