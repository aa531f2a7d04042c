"""The anchor file: one line a head, added at the end and never anywhere else.

Several processes write it: each takes the kernel's lock, adds its line in one write and waits
until it is on disk. A line torn by a crash stays, and the next one begins on a line of its own;
as each line names the hash of the one before, nobody can tear or remove one afterwards unseen.

Renamed to `<name>-….jsonl` in the same folder, a file becomes an archive: its lines still prove
that nothing was lost, and the next head begins a new file. Only a person on the machine does that,
after the chain went back to an older copy for good (`docs/operations.md`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from apps.fiscal import anchor_line
from apps.fiscal.anchor_line import Head, UnreadableLine

BLOCK = 64 * 1024
LONGEST_LINE = 64 * 1024
PRIVATE = 0o600


@dataclass(frozen=True)
class Line:
    """A line as it stands in a file. `head` is None where the bytes are no anchor; `follows` whether it names the line before."""

    number: int
    head: Head | None
    follows: bool


def append(path: Path, line: str, *, written_before: bool = False) -> bool:
    """Add a signed line to the file; return whether it was added now.

    `written_before` says that an earlier attempt may have written it: then the file is searched
    first. The folder is made where it is missing. Raises OSError.
    """
    with _opened(path) as descriptor:
        last, ends = _last_line(descriptor)
        if written_before and _contains(path, anchor_line.read(line)):
            if not ends:
                _write(descriptor, b"\n")  # all of it reached the disk but its end
            return False
        previous = anchor_line.line_hash(last) if last is not None else anchor_line.FIRST_LINE
        entry = anchor_line.in_file(line, previous) + b"\n"
        _write(descriptor, entry if ends else b"\n" + entry)
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
        os.fsync(descriptor)
        if new:
            _sync_folder(path.parent)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last: without it a power cut may take the name and leave the data."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, entry: bytes) -> None:
    """Write in one call: what a full disk cuts short stays as a torn line, and this attempt has failed."""
    if os.write(descriptor, entry) != len(entry):
        raise OSError("the anchor line was cut short")


def _last_line(descriptor: int) -> tuple[bytes | None, bool]:
    """Return the bytes of the last line (None in an empty file), and whether it ends with a line feed."""
    size = os.fstat(descriptor).st_size
    if size == 0:
        return None, True
    tail, position = b"", size
    while position and b"\n" not in tail[:-1]:
        position = max(0, position - BLOCK)
        tail = os.pread(descriptor, size - position, position)
    ends = tail.endswith(b"\n")
    return (tail[:-1] if ends else tail).rsplit(b"\n", 1)[-1], ends


def _contains(path: Path, head: Head) -> bool:
    wanted = f'"signature":"{head.signature}"'.encode()
    with path.open("rb") as stream:
        return any(wanted in raw and _is_whole(raw) for raw in stream)


def _is_whole(raw: bytes) -> bool:
    try:
        anchor_line.read(raw)
    except UnreadableLine:
        return False
    return True


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file from the first, in bounded memory. Raises OSError; a missing file has none.

    A last line without its line feed is being written, or was torn: it is not there yet.
    """
    previous = anchor_line.FIRST_LINE
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return
    with stream:
        for number, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
            if not raw.endswith(b"\n"):
                if len(raw) < LONGEST_LINE:
                    return
                yield Line(number, None, False)
                continue
            try:
                head: Head | None = anchor_line.read(raw)
            except UnreadableLine:
                head = None
            yield Line(number, head, head is None or head.previous_line_hash == previous)
            previous = anchor_line.line_hash(raw[:-1])


def last_head(path: Path, tenant_id: UUID) -> Head | None:
    """Return the last head of a tenant in the file, None without any. Raises OSError."""
    wanted = f'"tenant_id":"{tenant_id}"'.encode()
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return None
    with stream:
        for raw in _backwards(stream.fileno()):
            if wanted not in raw:
                continue
            try:
                return anchor_line.read(raw)
            except UnreadableLine:
                continue
    return None


def _backwards(descriptor: int) -> Iterator[bytes]:
    """Yield the lines of a file from the last: a tenant's last head stands near the end."""
    position, rest = os.fstat(descriptor).st_size, b""
    while position:
        start = max(0, position - BLOCK)
        block = os.pread(descriptor, position - start, start) + rest
        rest, *whole = block.split(b"\n")
        yield from reversed(whole)
        position = start
    yield rest


def segments(path: Path) -> list[Path]:
    """Return the files that were renamed to `<name>-….jsonl` beside the anchor file, by name."""
    return sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))
