"""An archive of a range of days: what it holds, what verify.py says of it, the command that writes it."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.fiscal import crypto
from apps.fiscal.archive import verify
from apps.fiscal.archive.contents import VERIFIER
from apps.fiscal.archive.stream import ZipStream
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.fiscal.tests.archive.support import (
    archived,
    fingerprint,
    head,
    lines,
    read,
    verified,
)
from apps.fiscal.tests.factories import failed_check
from apps.fiscal.tests.history import FIRST, LAST, SECOND, sell
from apps.fiscal.verification import Anomaly
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.models import AuditTrail

pytestmark = pytest.mark.database


def test_a_whole_chain_holds(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verified(capsys, made, "--tete", head(), "--empreinte", fingerprint())
    assert status == 0, said
    assert "TOUT TIENT." in said
    assert "11 maillons, 1 à 11 : contenu, empreintes, signatures, jours" in said
    assert "4 clôtures : contenu, empreintes, signatures, enchaînement, cumuls" in said
    assert "totaux et maillons des clôtures : 4 vérifiées de bout en bout" in said
    assert "1 tête notée ailleurs, comparée" in said


def test_what_the_files_say(made: Path, house: Tenant) -> None:
    content = read(made)
    assert set(content) == {*verify.FILES, "MANIFEST.json", "MANIFEST.sig"}
    manifest = json.loads(content["MANIFEST.json"])
    assert manifest["range"] == {
        "from": "2026-11-28", "to": "2026-12-09", "first_sequence": 1, "last_sequence": 11, "count": 11,
    }  # fmt: skip
    assert manifest["checkpoint"]["previous_hash"] == crypto.genesis_hash(house.pk)
    assert [link["sequence_number"] for link in lines(content, "entries.jsonl")] == list(range(1, 12))
    assert [closing["own_sequence"] for closing in lines(content, "closings.jsonl")] == [4, 7, 8, 9]
    assert content["verify.py"] == VERIFIER.read_bytes()
    assert "ARCHIVE DE LA CHAÎNE FISCALE" in content["LISEZMOI.txt"].decode()
    key = json.loads(content["keys.json"])["keys"][0]
    assert (key["key_id"], key["fingerprint"], key["retired_at"]) == ("k1", fingerprint(), None)


def test_the_tables_for_people(made: Path) -> None:
    content = read(made)
    rows = list(csv.DictReader(io.StringIO(content["entries.csv"].decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 7 * 5 + 4, "a row for each line of a sale, one for each closing"
    assert [rows[0][name] for name in ("Maillon", "Jour fiscal", "Document", "Rôle", "Montant", "Devise")] == [
        "1", "28/11/2026", "VENTE-00001", "creance", "1190", "XAF",
    ]  # fmt: skip
    assert rows[4]["Libellé"] == "'=Espèces", "no formula runs"
    closings = list(csv.DictReader(io.StringIO(content["closings.csv"].decode("utf-8-sig")), delimiter=";"))
    assert [row["Périodicité"] for row in closings] == ["jour", "jour", "jour", "mois"]
    assert closings[3]["Cumul à la clôture"] == str(15000 + 5 * 190)


def test_the_writing_is_recorded(made: Path, house: Tenant) -> None:
    row = AuditTrail.objects.get(action="archived")
    assert (row.model_id, row.acteur_label, row.new_values["count"]) == (house.pk, "Système", "11")


PARTS = [
    (FIRST, FIRST, "3 maillons, 1 à 3", 1, 1),
    (SECOND, SECOND, "3 maillons, 4 à 6", 2, 1),
    (SECOND, LAST, "4 maillons, 4 à 7", 3, 2),
    (LAST, LAST, "maillon 7 : contenu", 2, 1),
    (LAST + timedelta(days=1), LAST + timedelta(days=1), "4 maillons, 8 à 11", 2, 0),
]


def test_a_part_of_the_chain_carries_its_checkpoint(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for since, until, links, closings, sealed in PARTS:
        status, said = verified(capsys, archived(tmp_path, since, until))
        assert status == 0, said
        assert links in said
        assert f"{closings} clôture{'s' if closings > 1 else ''} : " in said
        assert f"clôtures : {sealed} vérifiée{'s' if sealed > 1 else ''} de bout en bout" in said
        assert ("l’archive commence au maillon" in said) is (since > FIRST)


def test_days_without_links(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for since, until in ((FIRST - timedelta(days=9), FIRST - timedelta(days=1)), (LAST + timedelta(days=5),) * 2):
        status, said = verified(capsys, archived(tmp_path, since, until))
        assert status == 0, said
        assert "aucun maillon n’a été fait dans cette période" in said


# Without Django, without a database ---------------------------------------------------------------------


def test_it_needs_neither_django_nor_a_database(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        archive.extract("verify.py", tmp_path)
    blocked = "import sys; sys.modules.update(dict.fromkeys(['django', 'psycopg', 'rfc8785', 'apps'])); import runpy;"
    run = f"{blocked} sys.argv = ['verify.py', {str(made)!r}]; runpy.run_path('verify.py', run_name='__main__')"
    for form in ("utf-8", "ascii"):
        done = subprocess.run(
            [sys.executable, "-I", "-c", run],
            cwd=tmp_path,
            env={"PYTHONIOENCODING": form},
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert b"TOUT TIENT." in done.stdout


# The command, the stream --------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("archiver", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def test_the_command_writes_a_whole_file(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.zip"
    said = run("--du", "28/11/2026", "--au", "30/11/2026", "--tenant", house.slug, "--sortie", str(path))
    assert said.startswith(f"{path} : 7 maillons, 1 à 7, ")
    assert verified(capsys, path)[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]
    assert path.stat().st_mode & 0o077 == 0


def test_an_archive_says_what_stands_against_it(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A red chain and days that nothing seals: on the terminal and inside."""
    path = tmp_path / "a.zip"
    asked = ("--tenant", house.slug, "--sortie", str(path))
    assert "À savoir" not in run("--du", "28/11/2026", "--au", "30/11/2026", *asked)
    assert "Toutes ses journées sont clôturées" in read(path)["LISEZMOI.txt"].decode()
    failed_check(anomalies=(Anomaly(3, "", "gap", "il manque."),))
    for said in (run("--du", "28/11/2026", "--au", "02/12/2026", *asked), read(path)["LISEZMOI.txt"].decode()):
        plain = said.replace("\u00a0", " ")
        assert "a échoué : Maillon 3 : il manque." in plain
        assert "Les journées du 01/12/2026 au 02/12/2026 ne sont pas clôturées : rien ne scelle encore" in plain
    assert verified(capsys, path)[0] == 0
    assert "La journée du 01/12/2026 n’est pas clôturée" in run("--du", "01/12/2026", "--au", "01/12/2026", *asked)


def test_the_command_names_its_file_itself(house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("--du", "2026-11-28", "--au", "2026-11-30", "--tenant", house.slug)
    assert [file.name for file in tmp_path.iterdir()] == [f"chaine-{house.slug}-2026-11-28-2026-11-30.zip"]


def test_what_the_command_refuses(house: Tenant) -> None:
    for arguments, expected in (
        (("--du", "2026-11-30", "--au", "2026-11-28"), "Le dernier jour vient avant le premier"),
        (("--du", "demain", "--au", "2026-11-28"), "n’est pas un jour"),
        (("--du", "31/11/2026", "--au", "2026-11-28"), "n’est pas un jour"),
        (("--du", "2026-11-28", "--au", "2026-11-28", "--sortie", "/nowhere/at/all.zip"), "ce chemin n’existe pas"),
        (("--du", "2026-11-28", "--au", "2026-11-28", "--tenant", "nulle-part"), "Aucun établissement"),
    ):
        with pytest.raises(CommandError, match=expected):
            run("--tenant", house.slug, *arguments)


def test_what_is_interrupted_leaves_nothing(house: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"what stood there before")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    span = announce_archive(since=FIRST, until=LAST, acteur=SYSTEM)
    with pytest.raises(KeyboardInterrupt):
        write_archive(span=span, destination=path, acteur=SYSTEM, progress=interrupt)
    assert path.read_bytes() == b"what stood there before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


def test_progress_comes_to_its_end(house: Tenant, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    span = announce_archive(since=FIRST, until=LAST, acteur=SYSTEM)
    write_archive(span=span, destination=tmp_path / "a.zip", acteur=SYSTEM, progress=lambda *step: steps.append(step))
    assert steps[-1] == (14, 14)


def test_links_made_while_it_is_written_are_not_in_it(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = announce_archive(since=FIRST, until=LAST + timedelta(days=9), acteur=SYSTEM)
    sell(tenant=house, number=8, acteur=SYSTEM)
    write_archive(span=span, destination=tmp_path / "a.zip", acteur=SYSTEM)
    assert verified(capsys, tmp_path / "a.zip")[0] == 0
    assert len(lines(read(tmp_path / "a.zip"), "entries.jsonl")) == 11


def test_memory_holds_a_few_blocks_whatever_the_size() -> None:
    """The stream never waits for a file's end: 11 MB go through while less than 1 MB waits."""
    out = ZipStream(now())
    block = bytes(range(256)) * 4
    noise = random.Random(1)
    longest = max(len(part) for part in out.add("x", (noise.randbytes(10_000) + block for _n in range(1000))))
    assert longest < 1 << 20
    assert out.digests["x"]["size"] == 1000 * 11_024
