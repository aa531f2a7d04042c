"""What verify.py says of an archive that somebody touched, though it was signed again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from apps.fiscal import crypto
from apps.fiscal.archive import verify
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalKey
from apps.fiscal.tests.archive.support import (
    Change,
    archived,
    drop,
    edit,
    fingerprint,
    flipped,
    packed,
    read,
    reorder,
    resealed,
    sign_manifest,
    verified,
)
from apps.fiscal.tests.history import SECOND
from apps.organisations.models import Tenant

pytestmark = pytest.mark.database


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
