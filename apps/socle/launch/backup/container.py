"""A backup is one file: a ZIP that any tool opens, with a manifest of sizes and SHA-256.

It is written beside its final name and renamed when it is whole and on disk: a file that bears the
name is a backup. It holds patients' data: only its owner reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from apps.socle.launch.errors import LaunchError
from apps.socle.launch.files import PRIVATE_FILE

FORMAT = 1
MANIFEST = "MANIFEST.json"
DATABASE = "base.dump"
FILES = "fichiers/"
ANCHORS = "ancres/"
CHUNK = 1024 * 1024
LARGEST_MANIFEST = 64 * 1024 * 1024
Progress = Callable[[int, int], None]


class Hashing:
    """Passes what is written on to a stream, and counts and hashes it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    def entry(self) -> dict[str, Any]:
        return {"size": self.size, "sha256": self._digest.hexdigest()}


class Writer:
    """A backup that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, dict[str, Any]] = {}

    @contextmanager
    def entry(self, name: str) -> Iterator[Hashing]:
        """Write one file of the backup, of any size."""
        with self._archive.open(name, "w", force_zip64=True) as stream:
            hashing = Hashing(stream)
            yield hashing
        self.files[name] = hashing.entry()

    def copy(self, name: str, path: Path) -> None:
        """Copy a file of this machine."""
        with path.open("rb") as source, self.entry(name) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)

    def close(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, which lists what was written before it."""
        content = {"format": FORMAT, **manifest, "files": self.files}
        self._archive.writestr(MANIFEST, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write the backup `path`: it is there whole afterwards, or not at all. Raises OSError."""
    draft = path.with_name(f".{path.name}.partiel")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                yield Writer(archive)
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


class Reader:
    """A backup that is read: its manifest, and its files once they were found whole."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
        self._archive = archive
        self.manifest = manifest

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        files: Mapping[str, Mapping[str, Any]] = self.manifest["files"]
        return files

    def open(self, name: str) -> IO[bytes]:
        """Open one file of the backup to read."""
        return self._archive.open(name)

    def under(self, prefix: str) -> list[str]:
        """Return the names of the files under a folder of the backup."""
        return sorted(name for name in self.files if name.startswith(prefix))

    def check(self, progress: Progress) -> None:
        """Read everything once; raises LaunchError unless it is what the manifest lists, byte by byte."""
        unlisted = set(self._archive.namelist()) ^ {*self.files, MANIFEST}
        if unlisted:
            raise LaunchError(f"La sauvegarde n'est pas entière : {min(unlisted)} manque ou n'y a pas sa place.")
        done, total = 0, sum(entry["size"] for entry in self.files.values())
        for name, entry in self.files.items():
            digest, size = hashlib.sha256(), 0
            with self.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    progress(done + size, total)
            done += size
            if (size, digest.hexdigest()) != (entry["size"], entry["sha256"]):
                raise LaunchError(f"La sauvegarde est abîmée : {name} n'a pas l'empreinte du manifeste.")

    def extract(self, name: str, prefix: str, folder: Path) -> None:
        """Write one file of the backup under `folder`, where nothing leads out of it."""
        inner = PurePosixPath(name.removeprefix(prefix))
        if inner.is_absolute() or ".." in inner.parts or not inner.parts:
            raise LaunchError(f"La sauvegarde contient un nom de fichier refusé : {name}")
        target = folder.joinpath(*inner.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.open(name) as source, target.open("wb") as copy:
            while chunk := source.read(CHUNK):
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        target.chmod(PRIVATE_FILE)

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> Self:
        """Read the manifest; raises LaunchError where this is no backup of a known format."""
        try:
            info = archive.getinfo(MANIFEST)
            if info.file_size > LARGEST_MANIFEST:
                raise ValueError("manifest too large")
            manifest = json.loads(archive.read(MANIFEST))
            known = manifest["format"] == FORMAT and DATABASE in manifest["files"]
        except (KeyError, ValueError, TypeError) as error:
            raise LaunchError("Ce fichier n'est pas une sauvegarde de Cauris.") from error
        if not known:
            raise LaunchError(
                "Cette sauvegarde vient d'une autre version de Cauris, dont le format n'est pas connu ici."
            )
        return cls(archive, manifest)


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open the backup `path`. Raises LaunchError for what is none, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Reader.of(archive)
    except FileNotFoundError as error:
        if Path(error.filename or "") != path:
            raise
        raise LaunchError(f"Le fichier {path} n'existe pas.") from error
    except zipfile.BadZipFile as error:
        raise LaunchError(f"La sauvegarde est abîmée ou n'en est pas une : {path}") from error
