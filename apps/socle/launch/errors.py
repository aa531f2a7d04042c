"""The one error of the launcher: a sentence for the person at the console."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISUSE = 2
CAUSES = {
    errno.EACCES: "ce compte n’en a pas le droit",
    errno.EPERM: "ce compte n’en a pas le droit",
    errno.ENOENT: "ce chemin n’existe pas",
    errno.EISDIR: "c’est un dossier",
    errno.ENOTDIR: "son dossier n’en est pas un",
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le disque est plein",
    errno.EROFS: "ce disque est en lecture seule",
}


class LaunchError(RuntimeError):
    """The platform cannot start; the message is one French sentence that says why and what to do."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


@contextmanager
def said_in_words(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write under `folder` into a LaunchError."""
    try:
        yield
    except PermissionError as error:
        raise LaunchError(
            f"Impossible d'écrire ou de lire {error.filename or folder} : ce dossier appartient sans doute à un autre "
            "compte. Relancez avec ce compte, ou choisissez un autre dossier avec --data."
        ) from error
    except (NotADirectoryError, FileExistsError) as error:
        raise LaunchError(f"Impossible d'écrire sous {folder} : ce n'est pas un dossier.") from error
    except FileNotFoundError as error:
        raise LaunchError(f"Impossible de créer {error.filename or folder}.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LaunchError(f"Le disque est plein : plus de place pour écrire sous {folder}.") from error
        if error.errno == errno.EROFS:
            raise LaunchError(
                f"Impossible d'écrire sous {folder} : ce disque est en lecture seule. "
                "Choisissez un autre dossier avec --data."
            ) from error
        raise


def cause(error: OSError) -> str:
    """Return why the system refused, in French words where they are known."""
    return CAUSES.get(error.errno or 0) or error.strerror or str(error)
