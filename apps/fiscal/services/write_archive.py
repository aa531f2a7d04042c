"""Write an archive of the tenant in scope: to a file, or as a stream that a screen sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _

from apps.fiscal.archive.span import Span, span_of
from apps.fiscal.archive.writer import Progress, archive
from apps.fiscal.head import read_head_to_extend
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.scope import scope


@command
def announce_archive(*, since: date, until: date, acteur: Acteur) -> Span:
    """Say what an archive of these fiscal days, both included, would cover, and record who took it: it holds names.

    Raises BusinessError where the days are in the wrong order or the tenant has no chain, and
    MasterSecretError where its key cannot sign: nothing was sent yet.
    """
    if until < since:
        raise BusinessError(_("Le dernier jour vient avant le premier."), code="archive-range", field="au")
    tenant = current_tenant()
    read_head_to_extend(tenant.pk)
    span = span_of(since, until)
    record("archived", tenant, acteur, new={name: str(value) for name, value in span.as_json().items()})
    return span


def stream_archive(*, tenant_id: UUID, span: Span, acteur: Acteur) -> Iterator[bytes]:
    """Yield an announced archive in a transaction and a scope of its own: the request's have ended by then."""
    with scope(tenant_id):
        yield from archive(span, acteur)


def write_archive(*, span: Span, destination: Path, acteur: Acteur, progress: Progress | None = None) -> int:
    """Write an announced archive of the tenant in scope to a file; return its bytes.

    The file appears whole or not at all: what is interrupted leaves nothing at the destination, nor
    beside it. Raises OSError.
    """
    draft = destination.with_name(f".{destination.name}.{os.getpid()}.partiel")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            size = sum(file.write(block) for block in archive(span, acteur, progress))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(destination)
    finally:
        draft.unlink(missing_ok=True)
    return size
