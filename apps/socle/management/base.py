"""The base of every command of ours: one meaning for each exit status, one French sentence for each refusal."""

from __future__ import annotations

import os
import sys
import traceback
from argparse import ArgumentTypeError
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from apps.socle.errors import BusinessError
from apps.socle.launch.errors import LaunchError, cause
from apps.socle.models import TenantRegistry
from apps.socle.progress import ProgressLine

DONE, NOT_WHOLE, NOT_DONE = 0, 1, 2
"""Done whole; done, but something is refused or does not hold; could not be done. `restaurer` alone adds a fourth."""


class NotWhole(CommandError):
    """The work is done, and something of it is refused or does not hold: exit status 1."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=NOT_WHOLE)


class NotDone(CommandError):
    """The work could not be done: exit status 2."""

    def __init__(self, sentence: str, returncode: int = NOT_DONE) -> None:
        super().__init__(sentence, returncode=returncode)


class HouseCommand(BaseCommand):
    """A command whose exit status says what was done. Raises NotWhole and NotDone, never a bare CommandError."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and leave with 2 whatever was not foreseen: Python's own status for a traceback would be our 1."""
        try:
            super().run_from_argv(argv)
        except BrokenPipeError:  # whoever read on (`| head`) has seen enough; nothing can be said to them
            nowhere = os.open(os.devnull, os.O_WRONLY)  # else Python complains again when it closes the pipe
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            sys.exit(NOT_DONE)
        except Exception:  # what nobody foresaw, said to whoever mends it
            traceback.print_exc()
            sys.exit(NOT_DONE)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, the refusals that every command may meet put into one sentence. Raises CommandError."""
        try:
            return self._execute(*args, **options)
        except CommandError as error:
            if not self._called_from_command_line or options.get("traceback"):
                raise
            self.stderr.write(str(error))  # Django would put the name of a Python class before the sentence
            sys.exit(error.returncode)

    def _execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (BusinessError, LaunchError) as error:
            raise NotDone(str(error)) from error
        except (OperationalError, psycopg.OperationalError) as error:
            raise NotDone(f"La base de données ne répond pas : {' '.join(str(error).split())}") from error

    def progress(self, label: str, unit: str) -> ProgressLine:
        """Return a line of progress on the terminal; `unit` in the plural."""
        return ProgressLine(self.stderr._out, label, unit)  # type: ignore[attr-defined]


def house(slug: str) -> TenantRegistry:
    """Return the establishment of this address. Raises NotDone, one sentence in all commands."""
    found = TenantRegistry.objects.filter(slug=slug).first()
    if found is None:
        raise NotDone(f"Aucun établissement à l’adresse « {slug} ».")
    return found


def houses(slug: str | None, *, active: bool = True) -> list[TenantRegistry]:
    """Return the establishment of this address, or all of them by address; `active` leaves closed ones out."""
    found = TenantRegistry.objects.filter(is_active=True) if active else TenantRegistry.objects.all()
    chosen = list((found.filter(slug=slug) if slug else found).order_by("slug"))
    if slug and not chosen:
        raise NotDone(f"Aucun établissement à l’adresse « {slug} ».")
    return chosen


def day(text: str) -> date:
    """Read 20/11/2026 or 2026-11-20 from a command line. Raises ArgumentTypeError, which argparse says."""
    try:
        return datetime.strptime(text, "%d/%m/%Y" if "/" in text else "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ArgumentTypeError(f"« {text} » n’est pas un jour de la forme 20/11/2026") from None


def at_least_one(text: str) -> int:
    """Read a whole number, one or more. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"« {text} » n’est pas un nombre entier, 1 ou plus")
    return int(text)


def refuse_unwritable(path: Path) -> None:
    """Raise NotDone when a file cannot be written at `path`; asked before anything else is done. Leaves nothing there."""
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise NotDone(f"{path} : ce fichier ne peut pas être écrit ({cause(error)}). Rien n’a été fait.") from error
