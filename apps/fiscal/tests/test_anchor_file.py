"""The anchor file by itself: lines, their order, what a crash leaves, two writers at once."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.fiscal import anchor_file as files
from apps.fiscal import anchor_line
from apps.fiscal.anchor_file import append, last_head, lines, segments
from apps.fiscal.anchor_line import UnreadableLine, read, signed_line

HOUSE, OTHER = UUID(int=1), UUID(int=2)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {"k1": KEY.public_key()}


def line(number: int, tenant: UUID = HOUSE, **values: object) -> str:
    content: dict[str, object] = dict.fromkeys(anchor_line.SIGNED)
    content |= {"version": 1, "tenant_id": str(tenant), "tenant": "sainte-odile", "sequence_number": number}
    content |= {"chain_hash": f"{number:064x}", "anchored_at": f"2026-11-20T00:00:00.{number:06d}Z", "key_id": "k1"}
    return signed_line(content | values, KEY)


def numbers(path: Path) -> list[int | None]:
    return [found.head.sequence_number if found.head else None for found in lines(path)]


def whole(path: Path) -> bool:
    return all(found.follows for found in lines(path))


def test_each_line_names_the_one_before(anchor_file: Path) -> None:
    for number in (1, 2, 3):
        assert append(anchor_file, line(number))
    raw = anchor_file.read_bytes().splitlines()
    assert [read(one).previous_line_hash for one in raw] == ["0" * 64, *map(anchor_line.line_hash, raw[:2])]
    assert (numbers(anchor_file), whole(anchor_file)) == ([1, 2, 3], True)
    assert oct(anchor_file.stat().st_mode)[-3:] == "600"


def test_keys_are_sorted_and_the_signature_covers_all_but_itself_and_the_place(anchor_file: Path) -> None:
    append(anchor_file, line(7))
    (raw,) = anchor_file.read_text().splitlines()
    assert [*json.loads(raw)] == sorted([*anchor_line.SIGNED, "signature", "previous_line_hash"])
    head = read(raw)
    assert head.signature_holds(KEYS)
    assert read(raw.replace("0" * 64, "1" * 64, 1)).signature_holds(KEYS), "the place in the file is not signed"
    assert not read(raw.replace('"tenant":"sainte-odile"', '"tenant":"saint-luc"')).signature_holds(KEYS)
    assert not head.signature_holds({})
    assert not head.signature_holds({"k1": Ed25519PrivateKey.generate().public_key()})


def test_a_line_torn_by_a_crash_stays_and_the_next_begins_on_its_own(anchor_file: Path) -> None:
    append(anchor_file, line(1))
    with anchor_file.open("ab") as crash:
        crash.write(line(2)[:40].encode())
    assert numbers(anchor_file) == [1], "a line without its end is not there"
    assert append(anchor_file, line(2), written_before=True)
    append(anchor_file, line(3))
    assert (numbers(anchor_file), whole(anchor_file)) == ([1, None, 2, 3], True)


def test_a_torn_first_line(anchor_file: Path) -> None:
    anchor_file.parent.mkdir()
    anchor_file.write_bytes(b'{"version')
    append(anchor_file, line(1))
    assert (numbers(anchor_file), whole(anchor_file)) == ([None, 1], True)


def test_an_attempt_that_succeeded_before_the_crash_is_not_written_again(anchor_file: Path) -> None:
    append(anchor_file, line(1))
    append(anchor_file, line(2, OTHER))
    assert append(anchor_file, line(1), written_before=True) is False
    assert append(anchor_file, line(3), written_before=True) is True
    assert numbers(anchor_file) == [1, 2, 3]


def test_what_lost_its_line_feed_alone_gets_it_back(anchor_file: Path) -> None:
    append(anchor_file, line(1))
    with anchor_file.open("r+b") as cut:
        cut.truncate(anchor_file.stat().st_size - 1)
    assert append(anchor_file, line(1), written_before=True) is False
    append(anchor_file, line(2))
    assert (numbers(anchor_file), whole(anchor_file)) == ([1, 2], True)


@pytest.mark.parametrize("attack", ["remove", "change", "swap", "insert", "garbage"])
def test_whoever_changes_the_file_breaks_it(anchor_file: Path, attack: str) -> None:
    for number in (1, 2, 3, 4):
        append(anchor_file, line(number))
    assert whole(anchor_file), "the control"
    one, two, three, four = anchor_file.read_bytes().splitlines(keepends=True)
    changed = {
        "remove": [one, three, four],
        "change": [one, two.replace(b"odile", b"odilo"), three, four],
        "swap": [one, three, two, four],
        "insert": [one, two, two, three, four],
        "garbage": [one, two, b"x" * 70_000 + b"\n", three, four],
    }
    anchor_file.write_bytes(b"".join(changed[attack]))
    assert not whole(anchor_file)


def _append_many(path: str, tenant: UUID) -> None:
    for number in range(1, 26):
        append(Path(path), line(number, tenant))


def test_two_processes_at_once_share_one_file(anchor_file: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        for done in [pool.submit(_append_many, str(anchor_file), tenant) for tenant in (HOUSE, OTHER)]:
            done.result()
    assert whole(anchor_file)
    for tenant in (HOUSE, OTHER):
        mine = [found.head.sequence_number for found in lines(anchor_file) if found.head.tenant_id == tenant]
        assert mine == list(range(1, 26))


def test_a_write_that_a_full_disk_cuts_short_has_failed(anchor_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(anchor_file, line(1))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    with pytest.raises(OSError, match="cut short"):
        append(anchor_file, line(2))
    monkeypatch.undo()
    append(anchor_file, line(2), written_before=True)
    assert (numbers(anchor_file), whole(anchor_file)) == ([1, None, 2], True)


def test_the_last_head_of_each_house(anchor_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK", 100)
    assert last_head(anchor_file, HOUSE) is None
    append(anchor_file, line(1))
    for number in range(2, 9):
        append(anchor_file, line(number, OTHER))
    found, theirs = last_head(anchor_file, HOUSE), last_head(anchor_file, OTHER)
    assert [head and head.sequence_number for head in (found, theirs)] == [1, 8]
    assert last_head(anchor_file, UUID(int=3)) is None


def test_a_missing_file_has_no_lines_and_renamed_ones_are_kept_apart(anchor_file: Path) -> None:
    assert list(lines(anchor_file)) == []
    append(anchor_file, line(1))
    anchor_file.rename(anchor_file.with_name("ancres-2026-11-20.jsonl"))
    assert [path.name for path in segments(anchor_file)] == ["ancres-2026-11-20.jsonl"]
    append(anchor_file, line(2))
    assert (numbers(anchor_file), whole(anchor_file)) == ([2], True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b'{"version": 1}',
        b"[" * 100_000,
        line(1).replace('"version":1', '"version":2'),
    ]
    + [line(1).replace('"sequence_number":1', f'"sequence_number":{n}') for n in ("0", "-1", "true", '"1"', "1.5")]
    + [line(1).replace(f"{1:064x}", "A" * 64), line(1).replace(str(HOUSE), "x")],
)
def test_what_is_no_line_is_not_read(raw: bytes | str) -> None:
    with pytest.raises(UnreadableLine):
        read(raw)
