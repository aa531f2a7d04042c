"""The launcher's small parts: arguments, checks, packages, counts, restarts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from apps.socle.launch import (
    checks,
    cluster,
    options,
    processes,
    stamps,
    start,
    supervisor,
    testing,
)
from apps.socle.launch.errors import LaunchError, said_in_words
from apps.socle.launch.supervisor import Service, Supervisor
from tests.support.launched import alive, wait_until
from tests.support.unprivileged import refusal_as_nobody

pytestmark = pytest.mark.launcher


def sleeper(name: str = "sleeper", code: str = "import time; time.sleep(60)") -> Service:
    return Service(name, (sys.executable, "-c", code), dict(os.environ))


def test_arguments_and_environment_say_where_the_data_are(tmp_path):
    assert options.parse([], {}).data_dir == options.ROOT / "var"
    assert options.parse([], {"CAURIS_DATA_DIR": str(tmp_path)}).data_dir == tmp_path
    assert options.parse(["--data", str(tmp_path / "b")], {"CAURIS_DATA_DIR": "/a"}).data_dir == tmp_path / "b"
    assert options.parse(["--host", "::1", "--port", "81", "--no-demo"], {}) == options.Options(
        "::1", 81, options.ROOT / "var", demo=False
    )


def test_a_disk_that_is_nearly_full_is_said_in_a_sentence(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(LaunchError, match="Le disque est presque plein : il reste 4 Mo"):
        checks.writable(tmp_path)


def test_whatever_failed_on_a_full_disk_failed_because_of_it(tmp_path, monkeypatch):
    checks.refuse_full(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    launch = start.Launch(options.Options("127.0.0.1", 0, tmp_path, demo=False))
    monkeypatch.setattr(start, "run", lambda *arguments: 1)
    with pytest.raises(LaunchError, match="Le disque est plein"):
        launch._manage("Schéma de la base", "migrate")


def test_a_folder_that_we_may_not_write_is_said_in_a_sentence(tmp_path):
    tmp_path.chmod(0o555)
    try:
        assert "Impossible d'écrire" in refusal_as_nobody(lambda: checks.writable(tmp_path / "var"))
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "Le disque est plein"),
        (OSError(122, "Disk quota exceeded"), "Le disque est plein"),
        (OSError(30, "Read-only file system"), "lecture seule"),
        (FileNotFoundError(2, "No such file or directory", "/proc/x"), "Impossible de créer /proc/x"),
        (PermissionError(13, "Permission denied", "/x/y"), "/x/y"),
    ],
)
def test_the_system_s_refusals_become_sentences(tmp_path, error, sentence):
    with pytest.raises(LaunchError, match=sentence), said_in_words(tmp_path):
        raise error


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(OSError, match="Too many"), said_in_words(tmp_path):
        raise OSError(24, "Too many open files")


def test_a_free_port_is_given_to_the_web_server_and_a_busy_one_refused():
    with checks.listening_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(LaunchError, match=f"bin/start --port {port + 1}"):
            checks.listening_socket("127.0.0.1", port)


def test_a_reserved_port_and_an_unknown_name_are_said_in_sentences():
    error = PermissionError(13, "Permission denied")
    assert "au-dessus de 1023" in checks._refused("127.0.0.1", 80, error)
    with pytest.raises(LaunchError, match="inconnue"):
        checks.listening_socket("no-such-host.invalid", 0)


def test_a_step_is_done_again_when_a_file_that_it_depends_on_changes(tmp_path):
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "static" / "css").mkdir(parents=True)
    before = stamps.fingerprint(tmp_path, stamps.STATIC)
    (tmp_path / "static" / "css" / "a.css").write_text("a")
    changed = stamps.fingerprint(tmp_path, stamps.STATIC)
    assert before != changed
    assert stamps.fingerprint(tmp_path, stamps.STATIC) == changed
    (tmp_path / "requirements.txt").write_text("django==5.2.20")
    assert stamps.fingerprint(tmp_path, stamps.STATIC) != changed


def test_the_schema_depends_on_code_and_sql():
    patterns = stamps.CODE
    found = {path for pattern in patterns for path in options.ROOT.glob(pattern)}
    assert options.ROOT / "apps/socle/models/__init__.py" in found
    assert any(path.suffix == ".sql" for path in found)


def test_a_step_that_is_done_stays_done_until_it_is_forgotten(tmp_path):
    done = stamps.Stamps(tmp_path)
    assert not done.is_current("schema", "a")
    done.done("schema", "a")
    assert stamps.Stamps(tmp_path).is_current("schema", "a")
    assert not done.is_current("schema", "b")
    done.forget("schema", "demo")
    assert not done.is_current("schema", "a")


def test_every_account_is_shown_in_columns_and_a_person_once():
    entry = {"tenant": "odile", "role": "caissier", "username": "amina", "password": "x"}
    jean = {**entry, "username": "jean", "role": "comptable"}
    shown = start.account_lines([entry, {**entry, "username": "rose"}, jean, {**jean, "tenant": "luc"}])
    assert shown == [
        "  caissier   odile       amina  x",
        "  caissier   odile       rose   x",
        "  comptable  odile, luc  jean   x",
    ]
    assert start.account_lines([]) == []


def test_counts_are_read_from_pytest_s_report(tmp_path):
    report = tmp_path / "results.xml"
    cases = ["<failure/>", "<error/>", "<skipped/>", "", "", "<failure/><error/>"]
    body = "".join(f"<testcase>{inside}</testcase>" for inside in cases)
    report.write_text(f'<testsuites><testsuite tests="99">{body}</testsuite></testsuites>')
    counts = testing.read_counts(report)
    assert str(counts) == "2 passed, 3 failed, 1 skipped"
    assert str(counts + testing.Counts(passed=2)) == "4 passed, 3 failed, 1 skipped"
    assert str(testing.read_counts(tmp_path / "absent.xml")) == "0 passed, 0 failed"


def test_a_service_that_falls_is_started_again_and_one_that_keeps_falling_ends_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "POLL_SECONDS", 0.02)
    watched = Supervisor(tmp_path)
    watched.start(sleeper("falls", "import sys; print('reason'); sys.exit(3)"))
    try:
        with pytest.raises(LaunchError, match=r"« falls » s'arrête sans cesse \(statut 3\)"):
            watched.watch(lambda: None)
    finally:
        watched.stop()
    said = (tmp_path / "logs" / "falls.log").read_text()
    assert said.count("reason") == supervisor.MOST_FALLS + 1
    assert not (tmp_path / "processes.json").exists()


def test_what_an_earlier_start_left_is_ended(tmp_path):
    killed = Supervisor(tmp_path)
    killed.start(sleeper())
    process = killed.running["sleeper"][1]
    sleeping = psutil.Process(process.pid)
    killed.remember(os.getpid())
    assert Supervisor(tmp_path).end_what_was_left() == {process.pid, os.getpid()}
    assert not alive([sleeping])
    process.wait()


def test_a_process_id_that_was_used_again_is_left_alone(tmp_path):
    earlier = Supervisor(tmp_path)
    earlier.start(sleeper())
    process = earlier.running["sleeper"][1]
    text = (tmp_path / "processes.json").read_text()
    began = psutil.Process(process.pid).create_time()
    (tmp_path / "processes.json").write_text(text.replace(str(began), str(began - 3600)))
    Supervisor(tmp_path).end_what_was_left()
    assert process.poll() is None
    processes.end([process])


def test_stopping_ends_what_ignores_the_signal_and_what_it_started(tmp_path):
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('up', flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    process = processes.spawn([sys.executable, "-c", code], tmp_path, os.environ, log)
    assert wait_until(lambda: log.exists() and "up" in log.read_text())
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
    assert len(family) == 2
    processes.end([process], patience=0.2)
    assert wait_until(lambda: not alive(family))


def test_a_child_dies_with_its_parent(tmp_path):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from apps.socle.launch import processes; from pathlib import Path;"
        "child = processes.spawn([sys.executable, '-c', 'import time; time.sleep(60)'], Path('/'), os.environ);"
        "print(child.pid, flush=True); child.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(options.ROOT)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as output:
        child = psutil.Process(int(output.readline()))
        parent.kill()
        parent.wait()
        assert wait_until(lambda: not alive([child]))


def test_a_signal_stops_once_and_cleaning_up_is_not_interrupted():
    cleaned = []
    with pytest.raises(processes.Stopped), processes.stop_signals():  # noqa: PT012 - the signals are the statement
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            cleaned.append(True)
    assert cleaned == [True]


def test_under_nohup_a_hang_up_is_still_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with processes.stop_signals():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_web_server_that_fails_at_once_is_said_with_its_log(tmp_path, capsys):
    watched = Supervisor(tmp_path)
    watched.start(sleeper("web", "print('the reason')"))
    silent = ("127.0.0.1", cluster.free_port())
    with pytest.raises(LaunchError, match="Le serveur web n'a pas démarré"):
        watched.wait_for_answer(silent, tmp_path / "logs" / "web.log")
    watched.stop()
    assert "the reason" in capsys.readouterr().out


def test_a_long_log_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LARGEST_LOG", 3)
    log = tmp_path / "logs" / "sleeper.log"
    log.parent.mkdir()
    log.write_text("long")
    watched = Supervisor(tmp_path)
    watched.start(sleeper())
    watched.stop()
    assert Path(f"{log}.1").read_text() == "long"
    assert log.read_text() == ""


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", []), ("192.0.2.4", ["192.0.2.4"]), ("2001:db8::4", ["[2001:db8::4]"])],
)
def test_the_served_host_is_allowed(tmp_path, host, expected):
    launch = start.Launch(options.Options(host, 0, tmp_path, demo=True))
    assert launch._hosts() == ["localhost", "127.0.0.1", "[::1]", *expected]


def test_served_everywhere_the_machine_s_names_are_allowed(tmp_path):
    launch = start.Launch(options.Options("0.0.0.0", 0, tmp_path, demo=True))
    assert socket.gethostname() in launch._hosts()
    assert "*" not in launch._hosts()


def test_only_the_demo_relaxes_the_second_factor_and_only_migrations_hold_the_owner_s_login(tmp_path):
    demo = start.Launch(options.Options("127.0.0.1", 0, tmp_path, demo=True))
    bare = start.Launch(options.Options("127.0.0.1", 0, tmp_path, demo=False))
    assert demo.environment()["CAURIS_SECOND_FACTOR"] == "optional"
    assert "CAURIS_SECOND_FACTOR" not in bare.environment()
    assert demo.environment(start.WEB_LOGINS)["CAURIS_DATABASE_LOGINS"] == "default"
    assert "DATABASE_OWNER_URL" not in demo.environment(start.WEB_LOGINS)
    assert "CAURIS_DATABASE_LOGINS" not in demo.environment()
