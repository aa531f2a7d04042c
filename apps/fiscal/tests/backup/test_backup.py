"""A backup that is really made and really put back: whole, protected, honest about its age, and never half."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError

from apps.fiscal.management import restore as restoring
from apps.fiscal.management.commands import restaurer
from apps.fiscal.selectors import unanswered_failures
from apps.fiscal.services.answer_failure import answer_failure
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.backup.support import anchor, back_up, beside, links, put_back
from apps.fiscal.tests.factories import CASHIER, chain_links, publish_one
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers
from apps.socle import startup
from apps.socle.actors import SYSTEM
from apps.socle.launch.backup import container, databases
from apps.socle.models import AuditTrail
from apps.socle.scope import scope
from tests.support.database import connection_string

pytestmark = pytest.mark.database


def test_a_copy_comes_back_green_and_an_older_one_red(
    house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor(house)
    older, said = back_up(tmp_path)
    assert "sainte-odile : tête 3 " in said
    assert re.search(r"secret maître .* n’est PAS dans cette sauvegarde", said)
    assert oct(older.stat().st_mode)[-3:] == "600"
    chain_links(house, 2, CASHIER)
    anchor(house)
    latest, _said = back_up(tmp_path)
    (tmp_path / "files" / "recus" / "un.txt").write_text("falsifié")
    chain_links(house, 1, CASHIER)

    # Triggers, policies and rights come back as they were: nothing has to be installed anew.
    monkeypatch.setattr(restoring, "call_command", lambda *values, **options: pytest.fail(str(values)))
    said = put_back(latest, monkeypatch, "", "--remplacer")
    assert "ses protections sont celles que le code déclare" in said
    assert "sainte-odile : chaîne conforme, 5 maillons vérifiés" in said
    assert links(house) == 5
    with scope(house.pk):
        assert AuditTrail.objects.filter(action="restored").count() == 1
    assert startup.differences() == []
    assert (tmp_path / "files" / "recus" / "un.txt").read_text() == "reçu"
    (kept,) = beside(databases.KEPT)
    assert kept in said
    with psycopg.connect(connection_string("maintenance"), dbname=kept) as former:
        assert former.execute("select count(*) from fiscal_fiscalentry").fetchone() == (6,)
    with scope(house.pk):
        assert chain_links(house, 1)[0].sequence_number == 6, "it goes on"

    with pytest.raises(CommandError) as caught:
        put_back(older, monkeypatch, "", "--remplacer")
    assert caught.value.returncode == 1
    assert "cette copie de la base est plus ancienne que la tête ancrée, au maillon 5" in caught.value.output
    assert links(house) == 3, "what was restored stays"
    with scope(house.pk):
        (failure,) = unanswered_failures()
        assert failure.first_anomaly is not None
        assert failure.first_anomaly["code"] == "older-than-anchor"
        answer_failure(check_id=failure.pk, reason="Panne du disque : copie de la veille.", acteur=CASHIER)
        assert not unanswered_failures().exists()
        assert not check_chain(acteur=SYSTEM).holds, "an answer mends nothing"


# What is refused, with nothing changed ------------------------------------------------------------------


def refused(path: Path, monkeypatch: pytest.MonkeyPatch, typed: str = "", *options: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        put_back(path, monkeypatch, typed, *options)
    assert beside(databases.DRAFT) == beside(databases.KEPT) == []
    assert str(caught.value).endswith("Rien n’a changé.")
    assert caught.value.returncode == 2
    return caught.value


def altered(path: Path, name: str, content: bytes, *, keep: bool = True) -> Path:
    """Return a copy of a backup in which one file holds something else (`keep`: and the others stay)."""
    target = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copied:
        for entry in source.namelist():
            if entry != name and keep:
                copied.writestr(entry, source.read(entry))
        copied.writestr(name, content)
    return target


def manifest_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        manifest: dict[str, Any] = json.loads(archive.read(container.MANIFEST))
    return manifest


def test_each_refusal_changes_nothing(
    house: Tenant, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ajoutez --remplacer" in str(refused(copy, monkeypatch))
    assert "non confirmée" in str(refused(copy, monkeypatch, "oui", "--remplacer"))
    replace = ("", "--remplacer")
    (tmp_path / "texte.zip").write_text("pas une archive")
    assert "n'existe pas" in str(refused(tmp_path / "absente.zip", monkeypatch, *replace))
    assert "abîmée" in str(refused(tmp_path / "texte.zip", monkeypatch, *replace))
    assert "pas une sauvegarde" in str(refused(altered(copy, "x", b"", keep=False), monkeypatch, *replace))
    damaged = altered(copy, container.DATABASE, b"PGDMP")
    assert "base.dump n'a pas l'empreinte" in str(refused(damaged, monkeypatch, *replace))
    assert "n'y a pas sa place" in str(refused(altered(copy, "intrus.txt", b"x"), monkeypatch, *replace))
    for change, sentence in (
        ({"format": 2}, "format n'est pas connu"),
        ({"server": 99}, "vient d'un PostgreSQL 99"),
        ({"migrations": {"fiscal": ["9999_demain"]}}, r"version plus récente de Cauris (fiscal.9999_demain)"),
    ):
        other = altered(copy, container.MANIFEST, json.dumps(manifest_of(copy) | change).encode())
        assert sentence in str(refused(other, monkeypatch, *replace))
    with psycopg.connect(connection_string("default")) as web:
        said = str(refused(copy, monkeypatch, *replace))
        assert f"La base sert encore ({web.info.user}) : arrêtez d'abord la plateforme" in said
    assert links(house) == 3


def test_a_dump_that_cannot_be_restored_leaves_no_trace(
    house: Tenant, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = b"PGDMP and nothing else"
    manifest = manifest_of(copy)
    hashing = container.Hashing(io.BytesIO())
    hashing.write(broken)
    manifest["files"][container.DATABASE] = hashing.entry()
    replaced = altered(copy, container.DATABASE, broken).rename(copy.with_name("b.zip"))
    path = altered(replaced, container.MANIFEST, json.dumps(manifest).encode())
    assert "La restauration de la base a échoué" in str(refused(path, monkeypatch, "", "--remplacer"))
    assert links(house) == 3


def test_another_installations_secret_stops_before_the_exchange(
    house: Tenant, copy: Path, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MASTER_SECRET_FILE = tmp_path / "autre"
    settings.MASTER_SECRET_FILE.write_text("ab" * 32)
    assert "n'est pas celui de cette sauvegarde" in str(refused(copy, monkeypatch, "", "--remplacer"))
    assert links(house) == 3


def receipt(house: Tenant, number: str) -> None:
    """Publish a fact that bears a number of a paper."""
    with scope(house.pk):
        publish_one(source=make_tiers(house), acteur=CASHIER, values={"number": number})


def test_an_older_copy_says_which_numbers_come_twice(
    house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("FAC-2026-00009", "QUIT-2026-00317", "QUIT-2026-00316", "C1 20/11/2026"):
        receipt(house, number)
    anchor(house)
    copy, _said = back_up(tmp_path)
    same = put_back(copy, monkeypatch, "", "--remplacer")
    assert ", FAC-2026-00009, QUIT-2026-00317\n" in same
    assert "seconde fois" not in same, "nothing was given since"

    for number in ("FAC-2026-00010", "QUIT-2026-00318", "QUIT-2026-00319", "QUIT-2027-00001"):
        receipt(house, number)
    anchor(house)
    with pytest.raises(CommandError) as caught:
        put_back(copy, monkeypatch, "", "--remplacer")
    said = caught.value.output
    assert ", FAC-2026-00009, QUIT-2026-00317\n" in said
    assert (
        "DONNÉS APRÈS LA COPIE, ils le seront une seconde fois :"
        " FAC-2026-00010, QUIT-2026-00318 à 00319, QUIT-2027-00001\n" in said
    )
    assert "« When the copy is older »" in said


def test_without_the_former_database_the_heads_prove_that_numbers_come_twice(
    house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt(house, "QUIT-2026-00317")
    anchor(house)
    copy, _said = back_up(tmp_path)
    receipt(house, "QUIT-2026-00318")
    anchor(house)
    monkeypatch.setattr(restaurer, "last_numbers", lambda login, name: {"sainte-odile": {"QUIT-2026": 317}})
    with pytest.raises(CommandError) as caught:
        put_back(copy, monkeypatch, "", "--remplacer")
    assert "les têtes ancrées prouvent que la copie est plus ancienne" in caught.value.output


def test_a_backup_that_fails_leaves_no_file(house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: Any) -> None:
        raise OSError("disk gone")

    with monkeypatch.context() as patch:
        patch.setattr(container.Writer, "copy", broken)
        with pytest.raises(CommandError, match=r"Sauvegarde impossible : .*vers, disk gone"):
            back_up(tmp_path / "vers")
    assert list((tmp_path / "vers").iterdir()) == []
    killed, running = (tmp_path / "vers" / f".cauris-{name}.zip.partiel" for name in ("vieux", "neuf"))
    killed.touch()
    running.touch()
    os.utime(killed, (0, 0))
    back_up(tmp_path / "vers")
    assert sorted(path.name for path in (tmp_path / "vers").iterdir()) == [running.name, "0.zip"]


def test_on_a_new_machine_the_heads_outside_come_back_and_never_replace_any(anchor_file: Path, tmp_path: Path) -> None:
    with container.writing(tmp_path / "b.zip") as backup:
        for inside in (container.DATABASE, "ancres/ancres.jsonl", "ancres/ancres-2025.jsonl"):
            with backup.entry(inside) as stream:
                stream.write(inside.encode())
        backup.close({"tenants": []})
    with container.reading(tmp_path / "b.zip") as reader:
        restoring._anchors_of(reader)
        assert anchor_file.read_text() == "ancres/ancres.jsonl"
        assert anchor_file.with_name("ancres-2025.jsonl").exists()
        anchor_file.write_text("newer")
        restoring._anchors_of(reader)
    assert anchor_file.read_text() == "newer"


def test_nothing_leads_out_of_the_folder(tmp_path: Path) -> None:
    with container.writing(tmp_path / "b.zip") as backup:
        for inside in (container.DATABASE, "fichiers/../../out", "fichiers//etc/out", "fichiers/"):
            with backup.entry(inside) as stream:
                stream.write(b"x")
        backup.close({"tenants": []})
    with container.reading(tmp_path / "b.zip") as reader:
        for inside in ("fichiers/../../out", "fichiers//etc/out", "fichiers/"):
            with pytest.raises(container.LaunchError):
                reader.extract(inside, container.FILES, tmp_path / "files")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip"]
