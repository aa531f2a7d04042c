"""What an installation reads outside Python: documentation, container, logins, and values that production refuses."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as current

from apps.socle.launch import cluster, packages, roles
from apps.socle.launch.account import account_for, binaries
from apps.socle.launch.cluster import SUPERUSER, Cluster
from apps.socle.launch.postgres import home_of
from config import settings_table
from config.environment import BY_NAME, VARIABLES, InsecureSetting
from tests.support.launched import ROOT, open_folder, plain_environment

PRODUCTION = {
    "CAURIS_ENV": "production",
    "SECRET_KEY": "k5Wq8zP1tY7uR3eX9cV2bN6mA4sD0fG-hJkL_ZxCvBnMqWeRtYuIoP",
    "ALLOWED_HOSTS": "cauris.example",
    "CAURIS_MASTER_SECRET_FILE": "/run/secrets/master",
    "CAURIS_BEHIND_TLS_PROXY": "true",
    "DATABASE_URL": "postgresql://cauris_runtime:x@127.0.0.1:1/cauris",
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
}


def direct_requirements() -> list[str]:
    direct = (ROOT / "requirements.txt").read_text().partition("# What they need")[0]
    return re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==", direct, flags=re.MULTILINE)


def test_the_table_of_settings_is_the_declared_one():
    assert settings_table.PAGE.read_text(encoding="utf-8") == settings_table.page(), "python -m config.settings_table"


def test_every_direct_dependency_is_justified():
    rows = re.findall(r"^\| ([A-Za-z0-9_.-]+) \|", (ROOT / "docs" / "dependencies.md").read_text(), flags=re.MULTILINE)
    assert sorted(row for row in rows if row != "package") == sorted(direct_requirements())


def test_every_requirement_is_pinned():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert [
        line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+(\[[a-z,]+\])?==[0-9][A-Za-z0-9.]*", line)
    ] == []


def test_the_container_has_what_the_launcher_would_install():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert [name for name in packages.PAPER if name not in dockerfile] == []
    assert "USER cauris" in dockerfile


def test_compose_names_declared_variables_only_and_keeps_the_owner_s_login_from_the_web():
    compose = (ROOT / "compose.yaml").read_text()
    named = set(
        re.findall(r"^\s+((?:CAURIS|DATABASE)_[A-Z_]+|[A-Z_]+_URL|SECRET_KEY|ALLOWED_HOSTS):", compose, flags=re.M)
    )
    assert named - set(BY_NAME) == set()
    assert compose.count("DATABASE_OWNER_URL") == 1
    migrate = compose.partition("\n  migrate:\n")[2].partition("\n  web:\n")[0]
    assert "DATABASE_OWNER_URL" in migrate


RIGHTS = "select rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin from pg_roles where rolname like 'cauris%' order by 1"
DATABASE = "select pg_get_userbyid(datdba), datacl::text, datcollate from pg_database where datname = 'cauris'"
SCHEMA = "select pg_get_userbyid(nspowner), nspacl::text from pg_namespace where nspname = 'public'"
EXTENSIONS = "select extname from pg_extension order by 1"


def picture(superuser: str) -> list[object]:
    """What a server holds of ours: logins, database, schemas, extensions."""
    seen: list[object] = []
    with psycopg.connect(superuser) as connection:
        seen += [connection.execute(RIGHTS).fetchall(), connection.execute(DATABASE).fetchall()]
    for database in ("cauris", "template1"):
        with psycopg.connect(superuser, dbname=database) as connection:
            seen += [connection.execute(SCHEMA).fetchall(), connection.execute(EXTENSIONS).fetchall()]
    return seen


@pytest.mark.launcher
def test_the_script_for_a_real_server_makes_what_the_embedded_server_has():
    with open_folder() as folder:
        pictures = [picture_after(name, folder / name) for name in ("script", "launcher")]
    assert pictures[0] == pictures[1]


def picture_after(name: str, folder: Path) -> list[object]:
    """Make a server in `folder`, let the script or the launcher install the logins, and look."""
    account = account_for(None)
    home = folder / "pg"
    home.mkdir(parents=True)
    account.own(home)
    server = Cluster(home, binaries(home, account), account, folder / "log")
    cluster.create(server, "x")
    running = cluster.start(server, cluster.free_port())
    superuser = f"postgresql://{SUPERUSER}:x@127.0.0.1:{running.port}/postgres"
    try:
        if name == "script":
            run_script(server.programs, superuser)
        else:
            roles.install(superuser, dict.fromkeys(roles.LOGINS.values(), "secret"))
        with psycopg.connect(superuser, dbname="cauris", user=roles.RUNTIME, password="secret") as connection:
            assert connection.execute("select current_user").fetchone() == (roles.RUNTIME,)
        return picture(superuser)
    finally:
        cluster.stop(running)


def run_script(programs: Path, superuser: str) -> None:
    passwords = dict.fromkeys(("OWNER_PASSWORD", "RUNTIME_PASSWORD", "MAINTENANCE_PASSWORD"), "secret")
    parts = psycopg.conninfo.conninfo_to_dict(superuser)
    connection = {"PGHOST": parts["host"], "PGPORT": parts["port"], "PGUSER": parts["user"], "PGPASSWORD": "x"}
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run([ROOT / "bin" / "database-logins"], env={**passwords, **connection, **path}, check=True)


def settings_with(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> dict[str, object]:
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_production_starts_on_secure_values(monkeypatch):
    settings = settings_with(monkeypatch, PRODUCTION)
    assert settings["DEBUG"] is False
    assert set(settings["DATABASES"]) == {"default"}
    assert settings["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("DATABASE_URL", ""),
        ("CAURIS_MASTER_SECRET_FILE", ""),
        ("CAURIS_SECOND_FACTOR", "optional"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        ("CAURIS_BEHIND_TLS_PROXY", "false"),
        ("CELERY_BROKER_URL", ""),
        ("CAURIS_ANCHOR_S3_ENDPOINT_URL", "http://s3.example"),
        ("CAURIS_ENV", "prod"),
    ],
)
def test_production_refuses_an_insecure_value_and_names_it(monkeypatch, name, value):
    with pytest.raises(InsecureSetting, match=name):
        settings_with(monkeypatch, {**PRODUCTION, name: value})


def test_a_relaxed_second_factor_is_refused_with_a_real_database_anywhere(monkeypatch):
    with pytest.raises(InsecureSetting, match="CAURIS_SECOND_FACTOR"):
        settings_with(
            monkeypatch,
            {
                "SECRET_KEY": "x",
                "CAURIS_MASTER_SECRET_FILE": "/run/x",
                "DATABASE_URL": "postgresql:///x",
                "CAURIS_SECOND_FACTOR": "optional",
            },
        )


def test_heads_are_not_kept_under_the_data_that_they_watch(monkeypatch):
    data_dir = Path(current.DATA_DIR)
    inside = (home_of(data_dir) or data_dir / "pg") / "data" / "ancres.jsonl"
    with pytest.raises(InsecureSetting, match="CAURIS_ANCHOR_FILE"):
        settings_with(
            monkeypatch,
            {"CAURIS_DATA_DIR": str(data_dir), "CAURIS_ENV": "test", "CAURIS_ANCHOR_FILE": str(inside)},
        )


def test_a_value_that_cannot_be_read_is_named(monkeypatch):
    with pytest.raises(ValueError, match="CAURIS_TRUSTED_PROXIES"):
        settings_with(monkeypatch, {**PRODUCTION, "CAURIS_TRUSTED_PROXIES": "deux"})


def test_deployment_checks_are_clean_in_production(tmp_path):
    done = manage("check", "--deploy", "--fail-level=DEBUG", CAURIS_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_migrating_without_the_owner_s_login_is_one_sentence_and_status_2():
    done = manage("migrate")
    assert done.returncode == 2
    assert "DATABASE_OWNER_URL" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_insecure_value_is_one_sentence_for_manage_py_too():
    done = manage("check", SECRET_KEY="short")
    assert done.returncode != 0
    assert done.stderr.startswith("manage.py : SECRET_KEY")
    assert done.stderr.count("\n") == 1


def manage(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=plain_environment(**{**PRODUCTION, **values}),
        capture_output=True,
        text=True,
        check=False,
    )
