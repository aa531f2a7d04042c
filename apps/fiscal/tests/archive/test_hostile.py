"""Files made to break or to fool verify.py: names, sizes, damage, terminals."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from apps.fiscal import proofs
from apps.fiscal.archive import verify
from apps.fiscal.archive.contents import pretty
from apps.fiscal.models import FiscalEntry
from apps.fiscal.tests.archive.support import (
    Content,
    fingerprint,
    packed,
    read,
    resealed,
    verified,
)
from apps.organisations.models import Tenant

pytestmark = pytest.mark.database


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


def test_a_zip_of_another_kind_is_damage(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version or a flag of the directory that Python's zipfile does not know: it raises NotImplementedError."""
    raw, path = made.read_bytes(), tmp_path / "k.zip"
    at = raw.index(b"PK\x01\x02")
    for place, value in ((at + 6, 173), (at + 8, 0x20)):
        path.write_bytes(raw[:place] + bytes([value]) + raw[place + 1 :])
        status, said = verified(capsys, path)
        assert (status, "NE TIENT PAS" in said) == (1, True), said


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
