"""What a second start need not do again: a step is skipped while the files that it depends on are unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from apps.socle.launch.files import write_private

CODE = ("apps/**/*.py", "apps/**/*.sql", "apps/**/*.csv", "apps/**/*.json", "config/**/*.py", "locale/**/*.mo")
STATIC = ("static/**/*", "apps/*/static/**/*", "config/*.py")


def fingerprint(root: Path, patterns: Iterable[str]) -> str:
    """Return a digest of the pinned packages and of the names, sizes and times of the files that match."""
    digest = hashlib.sha256((root / "requirements.txt").read_bytes())
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        if path.is_file():
            found = path.stat()
            digest.update(f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Stamps:
    """The steps that a data folder has behind it. A new database forgets those that concern it."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "stamps"

    def is_current(self, step: str, wanted: str) -> bool:
        path = self.folder / step
        return path.exists() and path.read_text(encoding="utf-8") == wanted

    def done(self, step: str, fingerprint: str) -> None:
        self.folder.mkdir(exist_ok=True)
        write_private(self.folder / step, fingerprint)

    def forget(self, *steps: str) -> None:
        for step in steps:
            (self.folder / step).unlink(missing_ok=True)
