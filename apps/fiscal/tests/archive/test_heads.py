"""Heads that were noted elsewhere: what alone shows a tail that was cut, or another history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.fiscal import anchor_file as files
from apps.fiscal.anchor_line import SIGNED, signed_line
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalAnchor
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.tests.archive.support import (
    archived,
    drop,
    edit,
    head,
    lines,
    packed,
    read,
    resealed,
    verified,
)
from apps.fiscal.tests.history import SECOND
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM

pytestmark = pytest.mark.database


def test_a_cut_tail_shows_against_a_head_only(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], made: Path
) -> None:
    content = read(made)
    drop("entries.jsonl", 10)(content)
    content["entries.csv"] = b"".join(content["entries.csv"].splitlines(keepends=True)[:-5])
    manifest = json.loads(content["MANIFEST.json"])
    manifest["range"] |= {"last_sequence": 10, "count": 10}
    content["MANIFEST.json"] = json.dumps(manifest).encode()
    resealed(content, house)
    cut = packed(tmp_path / "cut.zip", content)
    status, said = verified(capsys, cut)
    assert (status, "sans --tete, une fin coupée avec sa tête ne peut pas se voir" in said) == (0, True)
    status, said = verified(capsys, cut, "--tete", head())
    assert status == 1
    assert "tête 11 : l’archive s’arrête au maillon 10, cette tête est plus loin" in said
    line = json.loads(anchor_head(acteur=SYSTEM, hand_over=False)[0].line)
    noted = tmp_path / "noted.jsonl"
    noted.write_text(json.dumps(line) + "\n")
    status, said = verified(capsys, cut, "--tete", str(noted))
    assert status == 1
    assert "tête 11 : elle a été notée ailleurs, mais ceci s’arrête au maillon 10 : la fin manque" in said


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
    assert "l’archive commence au maillon" in said
    assert "NE TIENT PAS" not in said


def test_a_head_behind_the_archive_is_not_called_false(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The closing's own link is made after the day; a head noted by hand bears no day, so that nothing can be said."""
    own = FiscalAnchor.objects.filter(closing__closing_date=SECOND, closing__closing_type="daily").first()
    assert own is not None
    assert own.closing is not None
    path = archived(tmp_path, SECOND, SECOND)
    status, said = verified(capsys, path, "--tete", f"{own.sequence_number}:{own.chain_hash}")
    last = own.closing.last_sequence
    assert status == 1, said
    assert f"NON CONFIRMÉ  tête {own.sequence_number} : l’archive s’arrête au maillon {last}, cette tête est" in said
    assert "C’est le maillon de la clôture CLO-2026-11-29, fait après ce qu’elle scelle." in said
    assert "RIEN N’EST ROMPU, MAIS CE QUI ÉTAIT DEMANDÉ N’EST PAS CONFIRMÉ" in said
    assert "la fin manque." not in said
    assert "NE TIENT PAS" not in said
    status, said = verified(capsys, path, "--tete", f"{last}:{own.closing.head_hash}")
    assert (status, "1 tête notée ailleurs, comparée" in said) == (0, True), said


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
    assert "1 ancres" not in said
    assert "1 tête notée ailleurs, comparée" in said
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
    assert (status, "1 tête notée ailleurs, comparée" in said) == (0, True), said
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
    assert (status, "1 tête notée ailleurs, comparée" in said) == (0, True), said
    said_first = json.loads(first.line)
    forged = {name: said_first[name] for name in SIGNED} | {"closing_hash": "ab" * 32}
    files.append(anchor_file, signed_line(forged, derive(house.pk, "k1")))
    status, said = verified(capsys, path, "--tete", str(anchor_file))
    assert (status, "la clôture notée ailleurs est une autre" in said) == (1, True), said


def test_an_anchor_of_a_closing_goes_along_though_its_own_link_comes_after_the_day(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = FiscalAnchor.objects.get(closing__closing_date=SECOND, closing__closing_type="daily", anchor_type="file")
    path = archived(tmp_path, SECOND, SECOND)
    content = read(path)
    assert own.sequence_number in [line["sequence_number"] for line in lines(content, "anchors.jsonl")]
    status, said = verified(capsys, path)
    assert (status, "jointes, signées" in said or "jointe, signée" in said) == (0, True), said
    forged = signed_line(
        {name: json.loads(own.line)[name] for name in SIGNED} | {"closing_hash": "ab" * 32}, derive(house.pk, "k1")
    )
    content["anchors.jsonl"] = forged.encode() + b"\n"
    resealed(content, house)
    status, said = verified(capsys, packed(tmp_path / "forged.zip", content))
    assert (status, "elle garde une clôture du 2026-11-29 que l’archive n’a pas" in said) == (1, True), said


def test_a_fingerprint_that_is_none_is_refused_before_anything_is_compared(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = verified(capsys, made, "--empreinte", "abc")
    assert status == 2
    assert "Option illisible : --empreinte : « abc » n’est pas une empreinte, de 64 chiffres" in said
    assert "NE TIENT PAS" not in said
