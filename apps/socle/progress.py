"""How far a long command is: done of total, rate, time that remains, on one line of a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from apps.socle.money import NARROW_NO_BREAK_SPACE

EVERY = 0.2
"""Seconds between two drawings: often enough to be alive, seldom enough to cost nothing."""


class ProgressLine:
    """Draws `label : 12 000 / 48 000 maillons, 9 500/s, reste 4 s` in place.

    Where the stream is not a terminal (a log, a pipe) nothing is written. `clock` gives seconds.
    """

    def __init__(self, stream: TextIO, label: str, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._label, self._unit = label, unit
        self._clock = clock
        self._started = self._drawn = clock()
        self._width = 0
        self._alive = stream.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Say how far it is; most calls return at once."""
        now = self._clock()
        if not self._alive or (now - self._drawn < EVERY and done < total):
            return
        self._drawn = now
        self._write(self.text(done, total, now - self._started))

    def text(self, done: int, total: int, seconds: float) -> str:
        """Return the line after `seconds`."""
        line = f"{self._label} : {count(done)} / {count(total)} {self._unit if total > 1 else self._unit.removesuffix('s')}"
        if seconds <= 0 or not done:
            return line
        rate = done / seconds
        return f"{line}, {count(round(rate))}/s, reste {duration((total - done) / rate)}"

    def close(self) -> None:
        """Clear the line, so that what follows begins on an empty one."""
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line.ljust(self._width)}")
        self._stream.flush()
        self._width = len(line)


def count(number: int) -> str:
    """Return `12 000`, thousands apart as in the rest of the house."""
    return f"{number:,}".replace(",", NARROW_NO_BREAK_SPACE)


def counted(number: int, one: str, many: str) -> str:
    """Return `1 maillon vérifié`, `12 000 maillons vérifiés`; none is singular, as French has it."""
    return f"{count(number)} {many if number > 1 else one}"


def duration(seconds: float) -> str:
    """Return `4 s`, `2 min 05 s` or `1 h 12 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
