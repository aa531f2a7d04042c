"""A restore that was cut off: before the exchange nothing has changed, in the exchange the command ends it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from apps.fiscal.tests.backup.support import back_up, beside, check, links, name, put_back
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant
from apps.socle import startup
from apps.socle.launch.backup import container, databases, exchange
from tests.support.database import connection_string

pytestmark = pytest.mark.database


def test_killed_in_the_middle_the_former_database_serves(
    house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _said = back_up(tmp_path)
    chain_links(house, 1, CASHIER)
    connections.close_all()
    program = (
        "import sys, django; from django.conf import settings\n"
        f"for alias in settings.DATABASES.values(): alias['NAME'] = {name()!r}\n"
        "django.setup(); from django.core.management import execute_from_command_line\n"
        f"execute_from_command_line(['manage.py', 'restaurer', {str(path)!r}, '--remplacer', '--skip-checks'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    process.stdin.write(f"{name()}\n".encode())
    process.stdin.close()
    deadline = time.monotonic() + 60
    while not (drafts := beside(databases.DRAFT)):
        assert process.poll() is None, process.stdout and process.stdout.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    assert links(house) == 4
    assert check(house).holds
    assert beside(databases.KEPT) == []
    said = put_back(path, monkeypatch, "", "--remplacer")
    assert "chaîne conforme, 3 maillons" in said
    assert drafts[0] not in beside(databases.DRAFT), "what was left over is removed"


def test_an_exchange_that_was_cut_off_stops_everything_until_it_is_ended(
    house: Tenant, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: the restored database bears the name, its files wait. Nothing serves, nothing is backed up."""
    document = tmp_path / "files" / "recus" / "un.txt"
    document.write_text("d'aujourd'hui")
    chain_links(house, 1, CASHIER)

    def full(*_values: Any) -> None:
        raise OSError("disk gone")

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "_exchange_files", full)
        with pytest.raises(CommandError, match=r"entre deux : disk gone.*« python manage.py restaurer »") as caught:
            put_back(copy, monkeypatch, "", "--remplacer")
    assert caught.value.returncode == 3
    assert (links(house), document.read_text()) == (3, "d'aujourd'hui")
    with pytest.raises(startup.Unprotected, match=r"a été interrompue .* tapez « python manage.py restaurer »"):
        startup.check()
    with pytest.raises(CommandError, match="a été interrompue"):
        back_up(tmp_path)

    said = put_back(copy, monkeypatch, "", "--remplacer")
    assert "La restauration interrompue est achevée." in said
    assert f"{copy} n’a pas été lu" in said
    assert "chaîne conforme, 3 maillons vérifiés" in said
    (kept,) = beside(databases.KEPT)
    assert f"gardée sous le nom {kept}" in said
    assert document.read_text() == "reçu"
    (former,) = (tmp_path / "files").glob(f"{exchange.FORMER}*")
    assert (former / "recus" / "un.txt").read_text() == "d'aujourd'hui"
    startup.check()
    with zipfile.ZipFile(back_up(tmp_path)[0]) as archive:
        files = [inside for inside in archive.namelist() if inside.startswith(container.FILES)]
    assert files == ["fichiers/recus/un.txt"], "what was put aside is in no backup"
    with pytest.raises(
        CommandError, match=r"Aucune restauration n’est à finir : « python manage.py restaurer FICHIER »"
    ):
        call_command("restaurer")


def test_an_exchange_that_had_not_happened_is_undone_and_disturbs_nobody(
    house: Tenant, tmp_path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between the journal and the exchange: the former database serves, and so does the platform."""
    chain_links(house, 1, CASHIER)
    owner = dict(connections["owner"].get_connection_params())
    draft = databases.name_beside(name(), databases.DRAFT, "1")
    databases.create_beside(owner, name(), draft, [])
    waiting = exchange.draft_of(tmp_path / "files", "1")
    waiting.mkdir()
    stands = databases.oid(owner, draft)
    assert stands is not None
    exchange.begin(tmp_path / "files", exchange.Plan(name(), draft, "kept", stands, "1", files=True, empty=False))
    startup.check()
    back_up(tmp_path)
    with psycopg.connect(connection_string("default")), pytest.raises(CommandError, match="La base sert encore"):
        call_command("restaurer", stdout=io.StringIO())
    said = put_back(copy, monkeypatch, "", "--remplacer")
    assert "n’avait rien remplacé : ce qu’elle préparait est supprimé" in said
    assert "chaîne conforme, 3 maillons" in said, "and what was asked for is done"
    assert (links(house), waiting.exists(), beside(databases.DRAFT)) == (3, False, [])


def test_a_journal_that_cannot_be_read_is_said(house: Tenant, tmp_path: Path) -> None:
    (tmp_path / "files" / exchange.JOURNAL).write_text("{")
    with pytest.raises(startup.Unprotected, match="Le journal de la restauration ne se lit pas"):
        startup.check()
    with pytest.raises(CommandError, match=r"ne se lit pas.*Rien n’a changé"):
        call_command("restaurer")


def test_files_of_an_attempt_that_was_killed_go_with_the_next_one(
    house: Tenant, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_over = exchange.draft_of(tmp_path / "files", "1")
    left_over.mkdir()
    (left_over / "x").write_text("x")
    put_back(copy, monkeypatch, "", "--remplacer")
    assert not left_over.exists()
