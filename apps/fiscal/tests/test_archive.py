"""An archive of a range of days: what it holds, what verify.py says of it, and of one that somebody touched."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.fiscal import anchor_file as files
from apps.fiscal import crypto, proofs
from apps.fiscal.anchor_line import SIGNED, signed_line
from apps.fiscal.archive import verify
from apps.fiscal.archive.contents import VERIFIER, pretty
from apps.fiscal.archive.stream import ZipStream
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalAnchor, FiscalEntry, FiscalKey
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.fiscal.tests.history import FIRST, LAST, SECOND, clock_of, declare_sales, live, sell
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.models import AuditTrail

pytestmark = pytest.mark.database

Content = dict[str, bytes]
Change = Callable[[Content], None]


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Tenant:
    """A hospital with three sealed days, in scope."""
    declare_sales(monkeypatch)
    clock = clock_of(monkeypatch)
    clock(FIRST)
    tenant: Tenant = request.getfixturevalue("tenant")
    live(tenant, clock)
    return tenant


@pytest.fixture
def made(house: Tenant, tmp_path: Path) -> Path:
    return archived(tmp_path)


def archived(folder: Path, since: date = FIRST, until: date = LAST + timedelta(days=9)) -> Path:
    path = folder / f"{since}-{until}.zip"
    span = announce_archive(since=since, until=until, acteur=SYSTEM)
    assert write_archive(span=span, destination=path, acteur=SYSTEM) == path.stat().st_size
    return path


def verified(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> tuple[int, str]:
    status = verify.main([str(path), *options])
    said = capsys.readouterr()
    return status, said.out + said.err


def head() -> str:
    last = FiscalEntry.objects.latest("sequence_number")
    return f"{last.sequence_number}:{last.chain_hash}"


def fingerprint() -> str:
    return FiscalKey.objects.get().fingerprint


def read(path: Path) -> Content:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(content: Content, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content[name].splitlines()]


# What it holds ------------------------------------------------------------------------------------------


def test_a_whole_chain_holds(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verified(capsys, made, "--tete", head(), "--empreinte", fingerprint())
    assert status == 0, said
    assert "TOUT TIENT." in said
    assert "11 maillons, 1 à 11 : contenu, empreintes, signatures, jours" in said
    assert "4 clôtures : contenu, empreintes, signatures, enchaînement, cumuls" in said
    assert "totaux et maillons des clôtures : 4 vérifiées de bout en bout" in said
    assert "1 têtes notées ailleurs, comparées" in said


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
    (LAST, LAST, "1 maillons, 7 à 7", 2, 1),
    (LAST + timedelta(days=1), LAST + timedelta(days=1), "4 maillons, 8 à 11", 2, 0),
]


def test_a_part_of_the_chain_carries_its_checkpoint(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for since, until, links, closings, sealed in PARTS:
        status, said = verified(capsys, archived(tmp_path, since, until))
        assert status == 0, said
        assert links in said
        assert f"{closings} clôtures" in said
        assert f"clôtures : {sealed} vérifiées de bout en bout" in said
        assert ("l’archive commence au maillon" in said) is (since > FIRST)


def test_days_without_links(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for since, until in ((FIRST - timedelta(days=9), FIRST - timedelta(days=1)), (LAST + timedelta(days=5),) * 2):
        status, said = verified(capsys, archived(tmp_path, since, until))
        assert status == 0, said
        assert "0 maillons" in said


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


# What somebody touched ----------------------------------------------------------------------------------


def packed(path: Path, content: Content, names: list[str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or list(content):
            archive.writestr(name, content[name])
    return path


def resealed(content: Content, tenant: Tenant, sign: Any = None) -> None:
    """Make the manifest anew, as one could who has the tenant's key, or signs with another."""
    manifest = json.loads(content["MANIFEST.json"])
    for name in verify.FILES:
        manifest["files"][name] = {"size": len(content[name]), "sha256": hashlib.sha256(content[name]).hexdigest()}
    sign_manifest(content, manifest, sign or derive(tenant.pk, "k1"))


def sign_manifest(content: Content, manifest: dict[str, Any], key: Any) -> None:
    content["MANIFEST.json"] = json.dumps(manifest).encode()
    digest = hashlib.sha256(b"cauris/manifest/v1\x00" + content["MANIFEST.json"]).digest()
    content["MANIFEST.sig"] = key.sign(digest).hex().encode()


def edit(name: str, number: int, **changes: Any) -> Change:
    def change(content: Content) -> None:
        rows = lines(content, name)
        for key, value in changes.items():
            rows[number][key] = value(rows[number][key]) if callable(value) else value
        content[name] = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)

    return change


def reorder(name: str, order: Callable[[list[bytes]], list[bytes]]) -> Change:
    def change(content: Content) -> None:
        content[name] = b"".join(line + b"\n" for line in order(content[name].splitlines()))

    return change


def drop(name: str, number: int) -> Change:
    return reorder(name, lambda rows: [row for at, row in enumerate(rows) if at != number])


def flipped(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


NOISE = random.Random(1).randbytes(600_000).hex().encode()
TOUCHED: dict[str, tuple[Change, str]] = {
    "amount": (edit("entries.jsonl", 1, data_canonical=lambda text: text.replace("2190", "2191")), "maillon 2 : ses données signées"),
    "data_hash": (edit("entries.jsonl", 1, data_hash=flipped), "maillon 2 : ses données signées"),
    "previous_hash": (edit("entries.jsonl", 1, previous_hash=flipped), "maillon 2 : il ne suit pas"),
    "chain_hash": (edit("entries.jsonl", 1, chain_hash=flipped), "maillon 2 : son empreinte"),
    "signature": (edit("entries.jsonl", 1, signature=flipped), "maillon 2 : sa signature"),
    "key_id": (edit("entries.jsonl", 1, key_id="k2"), "maillon 2 : son numéro ou sa clé"),
    "algorithm": (edit("entries.jsonl", 1, algorithm="none"), "maillon 2 : son format"),
    "number": (edit("entries.jsonl", 1, sequence_number=9), "maillon 9 : le maillon 2 était attendu"),
    "boolean": (edit("entries.jsonl", 0, sequence_number=True), "maillon True : "),
    "no number": (edit("entries.jsonl", 0, sequence_number="1"), "entries.jsonl, ligne 1 : "),
    "another column": (edit("entries.jsonl", 1, chain_hash=None), "maillon 2 : "),
    "link dropped": (drop("entries.jsonl", 1), "maillon 3 : le maillon 2 était attendu"),
    "first link dropped": (drop("entries.jsonl", 0), "maillon 2 : le maillon 1 était attendu"),
    "tail dropped": (drop("entries.jsonl", 10), "maillon 11 : il manque"),
    "links swapped": (reorder("entries.jsonl", lambda rows: [rows[1], rows[0], *rows[2:]]), "maillon 2 : le maillon 1 était"),
    "link doubled": (reorder("entries.jsonl", lambda rows: [rows[0], rows[0], *rows[1:]]), "maillon 1 : le maillon 2 était"),
    "closing turnover": (edit("closings.jsonl", 1, data_canonical=lambda text: text.replace("9380", "9381")), "closings.jsonl, ligne 2 : ses données"),
    "closing hash": (edit("closings.jsonl", 1, closing_hash=flipped), "closings.jsonl, ligne 2 : son empreinte"),
    "closing signature": (edit("closings.jsonl", 1, signature=flipped), "closings.jsonl, ligne 2 : sa signature"),
    "closing's place": (edit("closings.jsonl", 1, previous_closing_hash=flipped), "closings.jsonl, ligne 2 : sa place"),
    "closing's link": (edit("closings.jsonl", 1, own_sequence=9), "maillon 7 : il annonce une clôture"),
    "closing's link inside": (edit("closings.jsonl", 1, own_sequence=6), "clôture CLO-2026-11-29 : son maillon serait"),
    "closing dropped": (drop("closings.jsonl", 1), "clôture CLO-2026-11-30 : elle ne suit pas"),
    "last closing dropped": (drop("closings.jsonl", 3), "maillon 9 : il annonce une clôture"),
    "closings swapped": (reorder("closings.jsonl", lambda rows: [rows[1], rows[0], *rows[2:]]), "clôture CLO-2026-11-29 : elle ne suit pas"),
    "duplicate key": (reorder("entries.jsonl", lambda rows: [rows[0].replace(b'{"', b'{"key_id":"k1","', 1), *rows[1:]]), "entries.jsonl, ligne 1 : JSON refusé, une clé"),
    "duplicate key signed": (edit("entries.jsonl", 0, data_canonical=lambda text: '{"version":1,' + text[1:]), "maillon 1 : JSON refusé, une clé"),
    "NaN": (reorder("entries.jsonl", lambda rows: [rows[0].replace(b'"sequence_number":1', b'"sequence_number":NaN'), *rows[1:]]), "entries.jsonl, ligne 1 : JSON refusé, NaN"),
    "float": (reorder("entries.jsonl", lambda rows: [rows[0].replace(b'"sequence_number":1', b'"sequence_number":1.0'), *rows[1:]]), "entries.jsonl, ligne 1 : JSON refusé, 1.0"),
    "huge integer": (reorder("entries.jsonl", lambda rows: [rows[0].replace(b'"sequence_number":1', b'"sequence_number":' + b"9" * 5000), *rows[1:]]), "entries.jsonl, ligne 1 : JSON refusé"),
    "no object": (reorder("entries.jsonl", lambda rows: [b"[]", *rows]), "entries.jsonl, ligne 1 : JSON refusé"),
    "deep": (reorder("entries.jsonl", lambda rows: [b"[" * 100_000, *rows]), "entries.jsonl, ligne 1 : JSON refusé"),
    "no JSON": (reorder("closings.jsonl", lambda rows: [b"\xff", *rows]), "closings.jsonl, ligne 1 : JSON refusé"),
    "huge line": (reorder("entries.jsonl", lambda rows: [b'{"x":"' + NOISE + b'"}', *rows]), "entries.jsonl, ligne 1 : elle est démesurée"),
    "an anchor of nobody": (reorder("anchors.jsonl", lambda rows: [b'{"version":1}']), "anchors.jsonl, ligne 1 : elle est d"),
}  # fmt: skip


def test_what_was_touched_is_named(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the manifest as it was the file is named first; with one made anew, as who has the key could, the item."""
    monkeypatch.setattr(verify, "LINE", 1 << 20)
    genuine = read(made)
    control = packed(tmp_path / "control.zip", genuine)
    assert verified(capsys, control)[0] == 0, "the control: packed again, it holds"
    for name, (change, expected) in TOUCHED.items():
        content = dict(genuine)
        change(content)
        status, said = verified(capsys, packed(tmp_path / "touched.zip", content))
        assert (status, expected in said) == (1, True), f"{name}: {said}"
        assert said.split("Premier élément rompu : ")[1].startswith(("entries.", "closings.", "anchors."))
        resealed(content, house)
        status, said = verified(capsys, packed(tmp_path / "touched.zip", content))
        assert status == 1, f"{name}: {said}"
        assert said.split("Premier élément rompu : ")[1].startswith(expected), f"{name}: {said}"


def test_any_file_that_is_not_the_one_that_was_signed(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genuine = read(made)
    for name in verify.FILES:
        content = genuine | {name: genuine[name] + b"\n"}
        status, said = verified(capsys, packed(tmp_path / "touched.zip", content))
        assert status == 1
        assert f"Premier élément rompu : {name} : ce n’est pas le fichier que le manifeste a signé" in said


LIES: list[tuple[str, Any, str]] = [
    ("tenant_id", "0199d3a0-7c00-7000-8000-000000000001", "point de départ : ce n’est pas l’origine"),
    ("checkpoint.previous_hash", "ab" * 32, "point de départ : ce n’est pas l’origine de la chaîne"),
    ("checkpoint.previous_closing_hash", "ab" * 32, "point de départ : ce n’est pas l’origine des clôtures"),
    ("checkpoint.merkle_size", 1, "la frontière de l’arbre"),
    ("checkpoint.first_sequence", 2, "le point de départ n’est pas celui de la plage"),
    ("range.count", 12, "maillon 12 : il manque"),
    ("range.last_sequence", 12, "maillon 12 : il manque"),
    ("range.to", "2026-11-29", "maillon 7 : son jour fiscal n’est pas dans la période"),
    ("range.from", "2026-11-29", "maillon 1 : son jour fiscal n’est pas dans la période"),
    ("measures.fiscal_sale.roles.creance", "credited", "clôture CLO-2026-11-28 : ses totaux"),
    ("measures.fiscal_sale.money", False, "clôture CLO-2026-11-28 : son nombre d’opérations"),
    ("measures.fiscal_sale.roles.creance", "stolen", "maillon 1 : mal formé"),
    ("files", {}, "le manifeste ne nomme pas les fichiers"),
    ("range", [], "mal formé"),
]


def test_a_manifest_that_lies_although_it_is_signed(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genuine = read(made)
    for key, value, expected in LIES:
        content = dict(genuine)
        manifest = json.loads(content["MANIFEST.json"])
        place = manifest
        *path, last = key.split(".")
        for step in path:
            place = place[step]
        place[last] = value
        sign_manifest(content, manifest, derive(house.pk, "k1"))
        status, said = verified(capsys, packed(tmp_path / "touched.zip", content))
        assert status == 1, said
        assert expected in said.split("Premier élément rompu : ")[1], said


def test_a_later_part_with_a_forged_checkpoint(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archived(tmp_path, SECOND, SECOND)
    for key, value, expected in (
        ("previous_hash", "ab" * 32, "clôture CLO-2026-11-28 : son dernier maillon n’est pas celui"),
        ("merkle_frontier", ["ab" * 32, "ab" * 32], "clôture CLO-2026-11-28 : sa racine de Merkle n’est pas celle des"),
        ("previous_closing_hash", "ab" * 32, "clôture CLO-2026-11-28 : elle ne suit pas"),
        ("perpetual_totals", {"XAF": {"invoiced": "1"}}, "clôture CLO-2026-11-28 : ses totaux perpétuels"),
        ("previous_fiscal_date", "2026-11-30", "clôture CLO-2026-11-28 : elle couvre un maillon d’un jour plus tardif"),
        ("sealed_until", "2026-11-29", "maillon 4 : son jour fiscal recule, ou était déjà clôturé"),
    ):
        content = read(path)
        manifest = json.loads(content["MANIFEST.json"])
        manifest["checkpoint"][key] = value
        content["MANIFEST.json"] = json.dumps(manifest).encode()
        resealed(content, house)
        status, said = verified(capsys, packed(tmp_path / "touched.zip", content))
        assert status == 1, f"{key}: {said}"
        assert expected in said.split("Premier élément rompu : ")[1], f"{key}: {said}"


def test_an_archive_signed_with_another_key(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forger signs everything with a key of their own and lists it: only the fingerprint tells."""
    other = crypto.derive_signing_key(bytes(32), house.pk, "k1")
    content = read(made)
    resealed(content, house, sign=other)
    status, said = verified(capsys, packed(tmp_path / "a.zip", content))
    assert (status, "MANIFEST.json : sa signature" in said) == (1, True)
    content["keys.json"] = content["keys.json"].replace(
        FiscalKey.objects.get().public_key.hex().encode(), crypto.public_bytes(other).hex().encode()
    )
    resealed(content, house, sign=other)
    status, said = verified(capsys, packed(tmp_path / "b.zip", content))
    assert (status, "maillon 1 : sa signature" in said) == (1, True)
    status, said = verified(capsys, packed(tmp_path / "c.zip", content), "--empreinte", fingerprint())
    assert status == 1
    assert "Premier élément rompu : clé k1" in said


# A head that was noted elsewhere -------------------------------------------------------------------------


def test_a_cut_tail_shows_against_a_head_only(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], made: Path
) -> None:
    content = read(made)
    drop("entries.jsonl", 10)(content)
    manifest = json.loads(content["MANIFEST.json"])
    manifest["range"] |= {"last_sequence": 10, "count": 10}
    content["MANIFEST.json"] = json.dumps(manifest).encode()
    resealed(content, house)
    cut = packed(tmp_path / "cut.zip", content)
    status, said = verified(capsys, cut)
    assert (status, "sans --tete, une fin coupée avec sa tête ne peut pas se voir" in said) == (0, True)
    status, said = verified(capsys, cut, "--tete", head())
    assert status == 1
    assert "tête 11 : elle a été notée ailleurs, mais ceci s’arrête au maillon 10" in said


def test_a_head_of_another_history(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = verified(capsys, made, "--tete", f"5:{'ab' * 32}")
    assert status == 1
    assert "tête 5 : l’empreinte notée ailleurs est une autre : la chaîne a été réécrite" in said


def test_a_head_that_is_none(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given in ("5", "5:abc", "/nowhere/at/all", "cinq:" + "ab" * 32):
        assert verified(capsys, made, "--tete", given)[0] == 2


def test_nothing_compared_is_not_compared(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = archived(tmp_path, SECOND, SECOND)
    status, said = verified(capsys, path, "--tete", f"1:{'ab' * 32}")
    assert (status, "rien n’a été comparé" in said) == (1, True)


def test_heads_written_outside_go_along_and_are_compared(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], anchor_file: Path
) -> None:
    for anchor in anchor_head(acteur=SYSTEM, hand_over=False):
        files.append(anchor_file, anchor.line)
    path = archived(tmp_path)
    lines_of = lines(read(path), "anchors.jsonl")
    assert len(lines_of) == len({line["signature"] for line in lines_of}) == FiscalAnchor.objects.count()
    status, said = verified(capsys, path, "--tete", str(anchor_file))
    assert status == 0, said
    assert f"{len(lines_of)} ancres jointes, signées" in said
    assert "1 têtes notées ailleurs, comparées" in said
    content = read(path)
    edit("anchors.jsonl", -1, chain_hash="ab" * 32)(content)
    resealed(content, house)
    assert "sa signature" in verified(capsys, packed(tmp_path / "a.zip", content))[1]
    forged = signed_line(
        {name: lines_of[-1][name] for name in SIGNED} | {"chain_hash": "ab" * 32}, derive(house.pk, "k1")
    )
    content["anchors.jsonl"] = forged.encode() + b"\n"
    resealed(content, house)
    status, said = verified(capsys, packed(tmp_path / "b.zip", content))
    assert (status, "ancre du maillon 11 : elle garde une autre empreinte" in said) == (1, True)


def test_an_anchor_file_as_the_head(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], anchor_file: Path
) -> None:
    """Lines of other houses are left alone, torn ones too; one that was taken out or put in is told."""
    other = make_tenant(slug="ailleurs", name="Ailleurs")
    (mine,) = [anchor.line for anchor in anchor_head(acteur=SYSTEM, hand_over=False)][:1]
    theirs = signed_line(json.loads(mine) | {"tenant_id": str(other.pk)}, derive(other.pk, "k1"))
    for line in (theirs, mine, theirs):
        files.append(anchor_file, line)
    with anchor_file.open("ab") as file:
        file.write(b'{"torn":\n')
    status, said = verified(capsys, made, "--tete", str(anchor_file))
    assert (status, "1 têtes notées ailleurs, comparées" in said) == (0, True), said
    assert "une ligne du fichier d’ancres est illisible" in said
    rows = anchor_file.read_bytes().splitlines(keepends=True)
    anchor_file.write_bytes(b"".join([rows[0], rows[2]]))
    status, said = verified(capsys, made, "--tete", str(anchor_file))
    assert (status, "fichier d’ancres, ligne 2 : elle ne suit pas" in said) == (1, True), said


def test_the_head_of_a_closing_is_compared_though_its_own_link_comes_after_the_day(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], anchor_file: Path
) -> None:
    first = FiscalAnchor.objects.filter(closing__closing_type="daily").order_by("sequence_number").first()
    assert first is not None
    assert first.closing is not None
    day = first.closing.closing_date
    files.append(anchor_file, first.line)
    path = archived(tmp_path, day, day)
    assert lines(read(path), "entries.jsonl")[-1]["sequence_number"] < first.sequence_number
    status, said = verified(capsys, path, "--tete", str(anchor_file))
    assert (status, "1 têtes notées ailleurs, comparées" in said) == (0, True), said
    said_first = json.loads(first.line)
    forged = {name: said_first[name] for name in SIGNED} | {"closing_hash": "ab" * 32}
    files.append(anchor_file, signed_line(forged, derive(house.pk, "k1")))
    status, said = verified(capsys, path, "--tete", str(anchor_file))
    assert (status, "la clôture notée ailleurs est une autre" in said) == (1, True), said


# Hostile files ------------------------------------------------------------------------------------------


def hostile(path: Path, content: Content, extra: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [*content.items(), *extra]:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_names_are_refused(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genuine = read(made)
    for names, expected in (
        (["../evil.py"], "n’a rien à faire dans une archive"),
        (["/etc/passwd"], "n’a rien à faire dans une archive"),
        (["dossier/"], "n’a rien à faire dans une archive"),
        (["keys.json"], "un nom de fichier y figure deux fois"),
        ([f"n{number}" for number in range(40)], "trop de fichiers"),
    ):
        status, said = verified(capsys, hostile(tmp_path / "h.zip", genuine, [(name, b"{}") for name in names]))
        assert status == 2
        assert expected in said


def test_a_bomb_is_refused_before_it_is_inflated(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = read(made) | {"entries.csv": b"0" * 20_000_000}
    status, said = verified(capsys, packed(tmp_path / "b.zip", content))
    assert (status, "entries.csv se gonflerait" in said) == (2, True)


def test_more_closings_than_memory_should_hold_are_refused(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "KEPT", 1000)
    status, said = verified(capsys, made)
    assert (status, "closings.jsonl est démesuré" in said) == (2, True)
    monkeypatch.undo()
    monkeypatch.setattr(verify, "CLOSINGS", 3)
    assert verified(capsys, made)[0] == 2
    monkeypatch.setattr(verify, "SMALL", 100)
    assert verified(capsys, made)[0] == 2


def test_a_directory_that_lies_about_sizes(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bomb that declares itself small: what is inflated is cut at what is declared, and is not what was signed."""
    path = packed(tmp_path / "b.zip", read(made) | {"LISEZMOI.txt": b"0" * 1_000_000})
    raw = path.read_bytes()
    at = raw.rindex(b"LISEZMOI.txt") - 46
    assert raw[at : at + 4] == b"PK\x01\x02"
    path.write_bytes(raw[: at + 24] + (1000).to_bytes(4, "little") + raw[at + 28 :])
    assert verified(capsys, path)[0] == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "ni une archive ZIP ni une preuve"),
        (b"PK", "ce n’est pas une archive ZIP"),
        (b"PK\x03\x04" + b"x" * 500, "ce n’est pas une archive ZIP"),
        (b"\x00" * 100, "ni une archive ZIP ni une preuve"),
        (b"[]", "ni une archive ZIP ni une preuve"),
        (b"{}", None),
        (b'{"tenant_id": NaN}', "NaN"),
        (b'{"a": 1, "a": 2}', "deux fois"),
    ],
)
def test_what_is_no_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, expected: str | None
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    status, said = verified(capsys, path)
    assert status == (2 if expected else 1)
    assert (expected or "mal formé") in said


def test_a_missing_file_and_a_missing_part(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(capsys, tmp_path / "absent.zip")[0] == 2
    content = read(made)
    for name in ("MANIFEST.sig", "closings.jsonl"):
        status, said = verified(capsys, packed(tmp_path / "m.zip", content, [n for n in content if n != name]))
        assert (status, f"il manque {name}" in said) == (2, True)


def test_damage_is_damage(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = bytearray(made.read_bytes())
    at = raw.index(b"entries.jsonl") + 200
    raw[at] ^= 0xFF
    path = tmp_path / "d.zip"
    path.write_bytes(raw)
    status, said = verified(capsys, path)
    assert status == 1
    assert "entries.jsonl" in said
    path.write_bytes(made.read_bytes() + b"x")
    assert verified(capsys, path)[0] == 2
    path.write_bytes(made.read_bytes()[:-1])
    assert verified(capsys, path)[0] == 2


def test_a_flipped_byte_anywhere_is_told_and_crashes_nothing(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where all still holds, the flip hit what no file's content depends on: a date or a flag of the ZIP."""
    raw, noise, genuine = made.read_bytes(), random.Random(2026), read(made)
    path = tmp_path / "f.zip"
    for _try in range(150):
        at = noise.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << noise.randrange(8)]) + raw[at + 1 :])
        status, said = verified(capsys, path)
        assert status in {0, 1, 2}, f"byte {at}: {said}"
        assert status or read(path) == genuine, f"byte {at}: {said}"


def test_a_flipped_byte_of_a_proof_is_told(house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, noise = pretty(proofs.inclusion(FiscalEntry.objects.get(sequence_number=2))), random.Random(2026)
    path, held = tmp_path / "p.json", 0
    for _try in range(150):
        at = noise.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << noise.randrange(8)]) + raw[at + 1 :])
        status, _said = verified(capsys, path, "--empreinte", fingerprint())
        assert status in {0, 1, 2}
        held += status == 0
    assert held < 30, "names, dates of keys and white space prove nothing; the rest does"


def test_files_that_overlap_are_refused(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = bytearray(packed(tmp_path / "o.zip", read(made)).read_bytes())
    first = raw.index(b"PK\x01\x02")
    second = raw.index(b"PK\x01\x02", first + 4)
    raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
    (tmp_path / "o.zip").write_bytes(raw)
    status, said = verified(capsys, tmp_path / "o.zip")
    assert (status, "se recouvrent" in said) == (2, True)


def test_what_an_archive_says_reaches_no_terminal_unfiltered(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = read(made)
    content["MANIFEST.json"] = content["MANIFEST.json"].replace(b'"tenant": "', b'"tenant": "\\u001b[2J\\u202e')
    resealed(content, house)
    _status, said = verified(capsys, packed(tmp_path / "t.zip", content))
    assert "\x1b" not in said
    assert "\u202e" not in said


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


def test_the_command_names_its_file_itself(house: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("--du", "2026-11-28", "--au", "2026-11-30", "--tenant", house.slug)
    assert [file.name for file in tmp_path.iterdir()] == [f"chaine-{house.slug}-2026-11-28-2026-11-30.zip"]


def test_what_the_command_refuses(house: Tenant) -> None:
    for arguments, expected in (
        (("--du", "2026-11-30", "--au", "2026-11-28"), "Le dernier jour vient avant le premier"),
        (("--du", "demain", "--au", "2026-11-28"), "n’est pas un jour"),
        (("--du", "31/11/2026", "--au", "2026-11-28"), "n’est pas un jour"),
        (("--du", "2026-11-28", "--au", "2026-11-28", "--sortie", "/nowhere/at/all.zip"), "Archive impossible"),
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
