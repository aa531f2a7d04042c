"""The embedded server: one per data folder, whoever asks, whatever happened to the last one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from apps.socle.launch import account, cluster, postgres, roles
from apps.socle.launch.account import Account
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.postgres import embedded_urls
from apps.socle.launch.stamps import Stamps
from tests.support.launched import ROOT, open_folder, plain_environment, stop_server

pytestmark = pytest.mark.launcher
ASK = "import sys; from pathlib import Path; from apps.socle.launch.postgres import embedded_urls; print(embedded_urls(Path(sys.argv[1]))['default'])"


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder whose server was first asked for by three processes at once."""
    with open_folder() as folder:
        yield folder / "var"
        stop_server(folder / "var")


def ask(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASK, str(data_dir)], cwd=ROOT, env=plain_environment(), stdout=subprocess.PIPE, text=True
    )


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def refused(url: str, statement: str) -> bool:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_three_starters_at_once_share_one_server(data_dir):
    answers = {asked.communicate(timeout=60)[0].strip() for asked in [ask(data_dir) for _ in range(3)]}
    assert answers == {embedded_urls(data_dir)["default"]}


def test_a_second_call_finds_the_running_server(data_dir):
    first = embedded_urls(data_dir)
    pid = postgres.find(data_dir).pid
    assert embedded_urls(data_dir) == first
    assert postgres.find(data_dir).pid == pid


def test_the_server_outlives_the_process_that_started_it(data_dir):
    embedded_urls(data_dir)
    asked = ask(data_dir)
    asked.communicate(timeout=60)
    assert asked.returncode == 0
    assert postgres.find(data_dir) is not None


@pytest.mark.parametrize(
    ("alias", "superuser", "createdb", "bypass"),
    [("default", False, False, False), ("owner", False, True, False), ("maintenance", False, False, True)],
)
def test_each_login_has_its_rights_and_no_more(data_dir, alias, superuser, createdb, bypass):
    rights = "select array[rolsuper, rolcreatedb, rolbypassrls] from pg_roles where rolname = current_user"
    assert value(embedded_urls(data_dir)[alias], rights) == [superuser, createdb, bypass]


@pytest.mark.parametrize("alias", ["default", "maintenance"])
@pytest.mark.parametrize(
    "statement", ["create table t (a int)", "create schema s", "create database d", "create temp table t (a int)"]
)
def test_only_the_owner_creates(data_dir, alias, statement):
    assert refused(embedded_urls(data_dir)[alias], statement)


def test_a_table_of_the_owner_is_closed_until_it_is_granted(data_dir):
    urls = embedded_urls(data_dir)
    with psycopg.connect(urls["owner"], autocommit=True) as owner:
        owner.execute("create table if not exists closed (a int)")
    assert refused(urls["default"], "select * from closed")


@pytest.mark.parametrize("database", [roles.DATABASE, "template1"])
def test_the_extension_of_exclusion_constraints_is_there_for_tests_too(data_dir, database):
    embedded_urls(data_dir)
    url = postgres.superuser_url(data_dir, postgres.find(data_dir), database)
    assert value(url, "select count(*) from pg_extension where extname = 'btree_gist'") == 1


def test_it_writes_to_disk_and_sorts_by_code_point(data_dir):
    owner = embedded_urls(data_dir)["owner"]
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    assert [value(owner, f"show {name}") for name in settings] == ["on", "on", "on"]
    assert value(owner, "show listen_addresses") == "127.0.0.1"
    assert value(owner, "select datcollate from pg_database where datname = current_database()") == "C.UTF-8"


def test_passwords_are_readable_by_their_owner_only(data_dir):
    embedded_urls(data_dir)
    files = [path for path in (data_dir / "secrets").iterdir() if path.is_file()]
    assert len(files) > len(roles.LOGINS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((data_dir / "secrets").stat().st_mode) == 0o700


def test_a_login_needs_its_password(data_dir):
    running = embedded_urls(data_dir)["default"] and postgres.find(data_dir)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://{roles.RUNTIME}:wrong@127.0.0.1:{running.port}/{roles.DATABASE}")


def test_after_kill_9_the_next_caller_recovers_and_no_committed_row_is_missing(data_dir):
    urls = embedded_urls(data_dir)
    with psycopg.connect(urls["owner"], autocommit=True) as owner:
        owner.execute("create table if not exists kept (a int)")
        owner.execute("insert into kept values (11500)")
    os.kill(postgres.find(data_dir).pid, signal.SIGKILL)
    assert value(embedded_urls(data_dir)["owner"], "select a from kept") == 11500


def test_data_whose_passwords_are_gone_are_said_in_a_sentence():
    with open_folder() as folder:
        embedded_urls(folder / "var")
        stop_server(folder / "var")
        shutil.rmtree(folder / "var" / "secrets")
        Stamps(folder / "var").done("schema", "migrated")
        with pytest.raises(LaunchError, match="l'un des deux dossiers a été remplacé"):
            embedded_urls(folder / "var")
        data = folder / "var" / "pg" / "data"
        cluster.stop(cluster.find_running(data))
        assert Stamps(folder / "var").is_current("schema", "migrated")
        shutil.rmtree(folder / "var" / "pg")
        embedded_urls(folder / "var")
        stop_server(folder / "var")
        assert not Stamps(folder / "var").is_current("schema", "migrated")


def test_a_port_that_someone_took_meanwhile_is_replaced(data_dir):
    embedded_urls(data_dir)
    before = postgres.find(data_dir)
    cluster.stop(before)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before.port))
        other.listen()
        assert value(embedded_urls(data_dir)["default"], "select 1") == 1
        assert postgres.find(data_dir).port != before.port


def test_a_pid_file_of_another_folder_names_no_server_of_ours(data_dir, tmp_path):
    embedded_urls(data_dir)
    data = postgres.home_of(data_dir) / "data"
    (tmp_path / "postmaster.pid").write_text((data / "postmaster.pid").read_text())
    assert cluster.find_running(data) is not None
    assert cluster.find_running(tmp_path) is None


def test_a_pid_that_now_belongs_to_another_program_is_no_server(tmp_path):
    lines = [str(os.getpid()), str(tmp_path), "0", "5432", "", "127.0.0.1", "", "ready"]
    (tmp_path / "postmaster.pid").write_text("\n".join(lines))
    assert cluster.find_running(tmp_path) is None


@dataclass(frozen=True)
class Confined(Account):
    """An account that may enter one folder only, as `nobody` may not enter a clone under /root."""

    only: Path = Path("/")

    def may_run(self, *command: str | Path) -> bool:
        allowed = Path(str(command[-1 if command[0] == "test" else 0])).is_relative_to(self.only)
        return allowed and super().may_run(*command)


def test_data_go_outside_where_the_account_cannot_enter_the_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(account, "OUTSIDE", tmp_path / "lib")
    home = account.choose_home(tmp_path / "closed", Confined(only=tmp_path / "lib"))
    assert home.is_relative_to(tmp_path / "lib")
    assert home != account.choose_home(tmp_path / "closed", Confined(only=tmp_path / "lib"))


def test_no_folder_at_all_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(account, "OUTSIDE", tmp_path / "lib")
    with pytest.raises(LaunchError, match="ne peut écrire ni sous"):
        account.choose_home(tmp_path / "closed", Confined(only=tmp_path / "nowhere"))


def test_programs_are_copied_where_the_account_cannot_execute_ours(tmp_path):
    confined = Confined(uid=os.getuid(), gid=os.getgid(), only=tmp_path)
    if os.getuid() != 0:  # only root may take on an account, even its own
        confined = Confined(only=tmp_path)
        programs = account._copy_of(account._installed_package(), tmp_path / "pg-copy")
    else:
        programs = account.binaries(tmp_path / "pg", confined)
    done = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert programs.is_relative_to(tmp_path)
    assert "PostgreSQL" in done.stdout


def test_a_server_never_runs_as_root(data_dir):
    embedded_urls(data_dir)
    assert psutil.Process(postgres.find(data_dir).pid).uids().real != 0


def test_data_of_another_major_version_are_said_in_words(tmp_path):
    said = "FATAL:  database files are incompatible with server\nDETAIL:  initialized by PostgreSQL version 17"
    assert "autre version" in cluster._in_words(said, tmp_path, "PostgreSQL n'a pas démarré")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("initdb: error: could not write to file: No space left on device", "Le disque est plein"),
        ("2026 FATAL:  could not open file: Permission denied", "could not open file: Permission denied"),
        ("", "sans explication"),
    ],
)
def test_the_server_s_refusal_becomes_one_sentence(tmp_path, said, expected):
    assert expected in cluster._in_words(said, tmp_path, "PostgreSQL n'a pas démarré")
