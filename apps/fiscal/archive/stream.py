"""The ZIP, written to a stream that cannot go back: what is compressed is handed on, memory holds a few blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HANDED_ON = 1 << 18
"""Bytes that wait before they are handed on."""
READABLE = 0o644 << 16


class _Sink:
    """Where zipfile writes. It has no `tell` that works, so that zipfile never goes back."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def write(self, block: bytes) -> int:
        self._waiting.append(bytes(block))
        self.size += len(block)
        return len(block)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self.size = 0
        return taken


class ZipStream:
    """Files added one after the other; `digests` holds size and SHA-256 of each, by its name."""

    def __init__(self, moment: datetime) -> None:
        self._sink = _Sink()
        self._zip = ZipFile(self._sink, "w", ZIP_DEFLATED, allowZip64=True)  # type: ignore[arg-type]
        self._moment = moment
        self.digests: dict[str, dict[str, object]] = {}

    def add(self, name: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what the archive grows by while `blocks` are added as the file `name`."""
        info = ZipInfo(name, self._moment.timetuple()[:6])
        info.compress_type, info.external_attr = ZIP_DEFLATED, READABLE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as out:
            for block in blocks:
                out.write(block)
                digest.update(block)
                size += len(block)
                if self._sink.size >= HANDED_ON:
                    yield self._sink.take()
        self.digests[name] = {"size": size, "sha256": digest.hexdigest()}
        yield self._sink.take()

    def end(self) -> bytes:
        """Return the directory, which ends the archive."""
        self._zip.close()
        return self._sink.take()
