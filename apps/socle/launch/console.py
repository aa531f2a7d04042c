"""What the launcher says to the person at the console."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(command: str, text: object) -> None:
    """Print why `bin/<command>` stops."""
    sys.stdout.flush()
    sys.stderr.write(f"bin/{command} : {text}\n")
    sys.stderr.flush()
