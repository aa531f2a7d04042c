"""What every command of ours has in common: exit statuses, sentences, days and numbers of a command line."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.commands import migrate

from apps.socle.errors import BusinessError
from apps.socle.launch.errors import LaunchError
from apps.socle.launch.options import ROOT
from apps.socle.management.base import (
    HouseCommand,
    NotDone,
    NotWhole,
    at_least_one,
    day,
    house,
    houses,
    refuse_unwritable,
)

OURS = sorted((name, str(app)) for name, app in get_commands().items() if str(app).startswith("apps."))
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "app"), OURS)
def test_each_command_has_the_base_and_a_line_in_the_table_of_commands(name: str, app: str) -> None:
    assert isinstance(load_command_class(app, name), HouseCommand | migrate.Command)
    assert re.search(rf"^\| `{name}[ `]", OPERATIONS, re.MULTILINE), (
        "docs/operations.md, « Commands and exit statuses »"
    )


TYPED = sorted(
    {line.strip() for line in re.findall(r"^(?:python|\.venv/bin/python) manage\.py .*$", OPERATIONS, re.MULTILINE)}
)


@pytest.mark.parametrize("line", TYPED)
def test_what_the_page_says_to_type_is_understood(line: str) -> None:
    name, *words = shlex.split(line.partition("manage.py ")[2].translate(str.maketrans("", "", "[]")))
    known = load_command_class(str(get_commands()[name]), name).create_parser("manage.py", name)
    asked = {word for word in words if word.startswith("--")}
    assert asked <= {option for action in known._actions for option in action.option_strings}
    required = {
        max(action.option_strings, key=len) for action in known._actions if action.required and action.option_strings
    }
    assert required <= asked


def test_the_page_takes_a_paper_till_over_in_a_tenant_of_its_own() -> None:
    section = OPERATIONS.partition("## Take over a paper till")[2].partition("\n## ")[0]
    typed = [line for line in TYPED if line in section]
    assert [line.split()[2] for line in typed] == ["creer_tenant", "importer_caisse", "importer_caisse"]
    assert all("plateau" in line for line in typed)


@pytest.mark.parametrize(("name", "app"), OURS)
def test_no_command_raises_the_bare_error_whose_status_means_nothing(name: str, app: str) -> None:
    source = (ROOT / app.replace(".", "/") / "management" / "commands" / f"{name}.py").read_text(encoding="utf-8")
    assert "CommandError(" not in source


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (BusinessError("La période est clôturée.", code="x"), "La période est clôturée."),
        (LaunchError("Le disque est plein."), "Le disque est plein."),
        (psycopg.OperationalError("no\n  route"), "La base de données ne répond pas : no route"),
    ],
)
def test_what_any_command_may_meet_is_one_sentence_and_2(raised: Exception, said: str) -> None:
    class Failing(HouseCommand):
        requires_system_checks = ()

        def handle(self, *args: Any, **options: Any) -> None:
            raise raised

    with pytest.raises(NotDone, match=re.escape(said)) as caught:
        call_command(Failing())
    assert caught.value.returncode == 2


def test_what_nobody_foresaw_is_2_too(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(HouseCommand):
        requires_system_checks = ()

        def handle(self, *args: Any, **options: Any) -> None:
            raise ZeroDivisionError

    with pytest.raises(SystemExit) as left:
        Broken().run_from_argv(["manage.py", "broken"])
    assert left.value.code == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("raised", [NotWhole("Une chaîne est rompue."), NotDone("Une chaîne est rompue.")])
def test_at_a_terminal_the_sentence_stands_alone(raised: CommandError, capsys: pytest.CaptureFixture[str]) -> None:
    class Failing(HouseCommand):
        requires_system_checks = ()

        def handle(self, *args: Any, **options: Any) -> None:
            raise raised

    with pytest.raises(SystemExit) as left:
        Failing().run_from_argv(["manage.py", "failing", "--no-color"])
    assert left.value.code == raised.returncode
    assert capsys.readouterr().err == "Une chaîne est rompue.\n"


def test_the_statuses() -> None:
    assert (NotWhole("x").returncode, NotDone("x").returncode, NotDone("x", 3).returncode) == (1, 2, 3)


@pytest.mark.django_db
@pytest.mark.parametrize("ask", [house, houses])
def test_an_unknown_house_is_said_the_same_everywhere(ask: Callable[[str], object]) -> None:
    with pytest.raises(NotDone, match=r"^Aucun établissement à l’adresse « nulle-part »\.$"):
        ask("nulle-part")


def test_days_and_numbers_are_read_or_refused_in_french() -> None:
    assert day("20/11/2026") == day("2026-11-20") == date(2026, 11, 20)
    assert at_least_one("12") == 12
    with pytest.raises(ArgumentTypeError, match="« hier » n’est pas un jour de la forme 20/11/2026"):
        day("hier")
    for wrong in ("0", "-1", "deux", ""):
        with pytest.raises(ArgumentTypeError, match="n’est pas un nombre entier"):
            at_least_one(wrong)


def test_a_destination_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x", encoding="utf-8")
    refuse_unwritable(kept)
    refuse_unwritable(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert kept.read_text(encoding="utf-8") == "x"
    for wrong, why in ((tmp_path, "c’est un dossier"), (kept / "x", "son dossier n’en est pas un")):
        with pytest.raises(CommandError, match=why):
            refuse_unwritable(wrong)


def test_settings_that_refuse_are_2_as_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "verifier_chaine"],
        env={"PATH": "/usr/bin:/bin", "CAURIS_ENV": "production", "CAURIS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("manage.py : ")
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_seen_enough_is_told_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`| head`: the pipe is closed, and a traceback would come after the last line that was wanted."""

    class Talkative(HouseCommand):
        def handle(self, *args: Any, **options: Any) -> None:
            raise BrokenPipeError

    said: list[object] = []
    monkeypatch.setattr("traceback.print_exc", lambda: said.append("a traceback"))
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit) as left:
            Talkative().run_from_argv(["manage.py", "talkative"])
    assert (left.value.code, said) == (2, [])
