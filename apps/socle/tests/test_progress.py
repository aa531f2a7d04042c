"""The line that a long command draws."""

from __future__ import annotations

import io

import pytest

from apps.socle.progress import ProgressLine, count, counted, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-1, "0 s"), (4.4, "4 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (4320, "1 h 12 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1_234_567, "1\u202f234\u202f567")])
def test_count(number: int, text: str) -> None:
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 maillon"), (1, "1 maillon"), (2, "2 maillons"), (1234, "1\u202f234 maillons")]
)
def test_a_plural_begins_at_two(number: int, text: str) -> None:
    assert counted(number, "maillon", "maillons") == text


def test_the_unit_of_one_thing_is_singular() -> None:
    assert ProgressLine(io.StringIO(), "x", "maillons").text(1, 1, 0) == "x : 1 / 1 maillon"


def test_rate_and_remaining_time_are_shown_on_a_terminal() -> None:
    terminal, clock = Terminal(), Clock()
    line = ProgressLine(terminal, "sainte-odile", "maillons", clock)
    line(0, 4000)
    assert terminal.getvalue() == "", "nothing yet: too soon to be drawn"
    clock.now += 2
    line(1000, 4000)
    assert terminal.getvalue() == "\rsainte-odile : 1\u202f000 / 4\u202f000 maillons, 500/s, reste 6 s"


def test_it_is_drawn_a_few_times_a_second_and_at_the_end() -> None:
    terminal, clock = Terminal(), Clock()
    line = ProgressLine(terminal, "x", "maillons", clock)
    for done in range(1, 101):
        clock.now += 0.01
        line(done, 100)
    drawings = terminal.getvalue().count("\r")
    assert 4 <= drawings <= 6
    assert "100 / 100" in terminal.getvalue()


def test_a_shorter_line_leaves_nothing_of_the_longer_one() -> None:
    terminal, clock = Terminal(), Clock()
    line = ProgressLine(terminal, "x", "maillons", clock)
    clock.now += 1000
    line(1, 100_000)
    longest = len(terminal.getvalue().removeprefix("\r"))
    line.close()
    last = terminal.getvalue().split("\r")[-2]
    assert last == " " * longest


def test_nothing_is_written_where_nobody_watches() -> None:
    pipe, clock = io.StringIO(), Clock()
    line = ProgressLine(pipe, "x", "maillons", clock)
    clock.now += 10
    line(5, 10)
    line.close()
    assert pipe.getvalue() == ""


def test_an_empty_work_has_no_rate() -> None:
    assert ProgressLine(io.StringIO(), "x", "maillons").text(0, 0, 3) == "x : 0 / 0 maillon"
