"""An archive of the tenant in scope, as a stream of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from apps.fiscal.archive import contents
from apps.fiscal.archive.span import Span, checkpoint
from apps.fiscal.archive.stream import ZipStream
from apps.fiscal.canonical import timestamp_text
from apps.fiscal.crypto import ALGORITHM
from apps.fiscal.head import HeadToExtend, read_head_to_extend
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.scope import require_scope

ARCHIVE_VERSION = 1
MANIFEST_LABEL = b"cauris/manifest/v1\x00"

Progress = Callable[[int, int], None]


def archive(span: Span, acteur: Acteur, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield the archive of `span`. Needs an open transaction in the tenant's scope until the last block.

    `progress` is called with (rows written, rows in all): each link is written twice, once a format.
    Raises BusinessError where the tenant has no chain, MasterSecretError without the tenant's key.
    """
    head, moment = read_head_to_extend(require_scope()), now()
    out, heard = ZipStream(moment), _Heard(2 * span.count, progress)
    for name, blocks in _files(span, heard):
        yield from out.add(name, blocks)
    manifest = contents.pretty(
        {
            "version": ARCHIVE_VERSION,
            "algorithm": ALGORITHM,
            "key_id": head.signer.key_id,
            "tenant_id": str(require_scope()),
            "tenant": head.tenant_name,
            "environment": head.environment,
            "created_at": timestamp_text(moment),
            "created_by": acteur.label,
            "range": span.as_json(),
            "checkpoint": checkpoint(span),
            "measures": contents.measures(),
            "files": dict(out.digests),
        }
    )
    yield from out.add("MANIFEST.json", [manifest])
    yield from out.add("MANIFEST.sig", [manifest_signature(head, manifest)])
    yield out.end()


def manifest_signature(head: HeadToExtend, manifest: bytes) -> bytes:
    """Return `MANIFEST.sig`: hexadecimal and a line feed."""
    digest = hashlib.sha256(MANIFEST_LABEL + manifest).digest()
    return head.signer.private_key.sign(digest).hex().encode() + b"\n"


class _Heard:
    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def __call__(self, rows: int) -> None:
        self._done += rows
        if self._progress:
            self._progress(self._done, self._total)


def _files(span: Span, heard: Callable[[int], None]) -> Iterator[tuple[str, Any]]:
    yield "LISEZMOI.txt", contents.notice(span)
    yield "verify.py", contents.file(contents.VERIFIER)
    yield "keys.json", contents.keys()
    yield "entries.jsonl", contents.entries(span, heard)
    yield "entries.csv", contents.entries_csv(span, heard)
    yield "closings.jsonl", contents.closings(span)
    yield "closings.csv", contents.closings_csv(span)
    yield "anchors.jsonl", contents.anchors(span)
