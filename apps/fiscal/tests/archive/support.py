"""Archives that a test makes, takes apart, alters, and hands to verify.py."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.fiscal.archive import verify
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalEntry, FiscalKey
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.fiscal.tests.history import FIRST, LAST
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM

Content = dict[str, bytes]
Change = Callable[[Content], None]


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
