"""The last step of a restore, killed before each thing that it does: database and files are of one time, or become so."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from apps.socle.launch.backup import databases, exchange
from apps.socle.launch.backup.exchange import Outcome, Plan, Unsettled
from apps.socle.launch.errors import LaunchError

pytestmark = pytest.mark.database

OLD = {"recus/un.txt": "ancien", "vieux.txt": "ancien"}
NEW = {"recus/un.txt": "restauré", "neuf.txt": "restauré"}
MOST = 60
# What the exchange does to the disk and the server, in whatever order: it is killed before each of them.
STEPS: tuple[tuple[Any, str], ...] = (
    (exchange, "write_private"),
    (exchange, "_on_disk"),
    (databases, "exchange"),
    (databases, "drop"),
    (shutil, "rmtree"),
    *((Path, name) for name in ("mkdir", "rename", "rmdir", "unlink")),
)
_moments = count(1)


class World:
    """A database and a folder of files that serve, and what a restore has prepared beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owner = {**connections["owner"].get_connection_params(), "dbname": f"exchange_{os.getpid()}"}
        self.name = str(self.owner["dbname"])
        with self.server() as server:
            server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(self.name)))

    def prepare(self, *, empty: bool = False, files: bool = True) -> World:
        """Begin anew; a database that the attempt before left is the next draft: making and dropping one is dear."""
        moment = self.moment = f"{next(_moments):020d}"
        self.draft, self.kept = (databases.name_beside(self.name, kind, moment) for kind in ("restauration", "avant"))
        left_over = [name for name in self.names() if name != self.name]
        if left_over:
            with self.server() as server:
                rename = sql.SQL("alter database {} rename to {}")
                server.execute(rename.format(sql.Identifier(left_over[0]), sql.Identifier(self.draft)))
        else:
            databases.create_beside(self.owner, self.name, self.draft, [])
        shutil.rmtree(self.folder, ignore_errors=True)
        write(self.folder, OLD)
        if files:
            write(exchange.draft_of(self.folder, moment), NEW)
        stands = databases.oid(self.owner, self.draft)
        assert stands is not None
        self.plan = Plan(self.name, self.draft, self.kept, stands, moment, files=files, empty=empty)
        return self

    def server(self) -> psycopg.Connection:
        return psycopg.connect(**{**self.owner, "dbname": databases.NEIGHBOUR}, autocommit=True)

    def run(self) -> Outcome:
        exchange.begin(self.folder, self.plan)
        return exchange.carry_out(self.owner, self.folder, self.plan)

    def settle(self) -> Outcome | None:
        return exchange.settle(self.owner, self.folder)

    def restored(self) -> bool:
        return databases.oid(self.owner, self.name) == self.plan.oid

    def names(self) -> list[str]:
        """Return the databases of this world."""
        with self.server() as server:
            found = "select datname from pg_database where starts_with(datname, %s) order by 1"
            return [row[0] for row in server.execute(found, [self.name]).fetchall()]

    def served(self) -> dict[str, str]:
        return {name: text for top in exchange.documents(self.folder) for name, text in texts(top, self.folder).items()}

    def of_one_time(self) -> bool:
        return self.served() == (NEW if self.restored() else OLD)

    def former(self) -> dict[str, str]:
        return texts(self.folder / f"{exchange.FORMER}{self.moment}", self.folder / f"{exchange.FORMER}{self.moment}")

    def ours(self) -> list[str]:
        """Return what of the exchange is in the folder."""
        return sorted(path.name for path in self.folder.iterdir() if path.name.startswith(exchange.OURS))

    def clear(self) -> None:
        with self.server() as server:
            for name in self.names():
                server.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


def write(folder: Path, content: dict[str, str]) -> None:
    for name, text in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def texts(top: Path, under: Path) -> dict[str, str]:
    found = (top, *top.rglob("*"))
    return {path.relative_to(under).as_posix(): path.read_text() for path in found if path.is_file()}


@pytest.fixture
def world(django_db_setup: None, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """`world()` gives a database and its files as they serve, and a restore that has not been exchanged yet."""
    one = World(tmp_path / "files")
    try:
        yield one.prepare
    finally:
        one.clear()


def killed_before(number: int, action: Callable[[], object]) -> bool:
    """Run `action` in a process that SIGKILL ends before its step `number`; tell whether it came to that."""
    child = os.fork()
    if child == 0:
        _strike(number)
        try:
            action()
        except BaseException:
            os._exit(9)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _strike(number: int) -> None:
    left = [number]

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*values: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*values, **options)

        return wrapper

    for place, name in STEPS:
        setattr(place, name, counted(getattr(place, name)))


def failing(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_values: Any) -> NoReturn:
        raise error

    return fail


# Killed -------------------------------------------------------------------------------------------------


def test_killed_at_any_step_it_is_ended_or_undone(world: Callable[..., World]) -> None:
    outcomes = []
    for number in range(1, MOST):
        one = world()
        if not killed_before(number, one.run):
            break
        restored, begun = one.restored(), exchange.begun(one.folder) is not None
        assert begun or one.of_one_time(), "without a journal nothing is between two times"
        outcome = one.settle()
        outcomes.append(None if outcome is None else outcome.exchanged)
        assert one.restored() == restored, "the database that bears the name decides"
        assert one.of_one_time(), f"step {number}"
        if restored:
            assert one.former() == OLD
            assert one.names() == [one.name, one.kept]
            assert one.ours() == [f"{exchange.FORMER}{one.moment}"]
        elif begun:
            assert (one.names(), one.ours()) == ([one.name], []), "what was prepared is removed"
    assert one.of_one_time()
    assert one.restored()
    assert outcomes.count(False) >= 2
    assert outcomes.count(True) >= 9
    assert (outcomes[0], outcomes[-1]) == (None, None), "before the journal is there, and once it is gone"


def test_killed_before_an_empty_database_is_gone(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    one = world(empty=True)
    with monkeypatch.context() as patch:
        patch.setattr(databases, "drop", lambda *_values: os.kill(os.getpid(), signal.SIGKILL))
        assert killed_before(MOST, one.run)
    assert (one.of_one_time(), one.names()) == (True, [one.name, one.kept])
    assert one.settle() == Outcome(True, "", one.folder / f"{exchange.FORMER}{one.moment}")
    assert one.names() == [one.name]


def test_what_ends_it_may_be_killed_too(world: Callable[..., World]) -> None:
    one = world()

    def cut_off() -> NoReturn:
        exchange.begin(one.folder, one.plan)
        databases.exchange(one.owner, one.name, one.draft, one.kept)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    assert killed_before(MOST, cut_off)
    assert one.restored()
    assert one.served() == OLD, "this is what must not be served"
    kills = next(number for number in range(1, MOST) if not killed_before(number, one.settle)) - 1
    assert kills >= 5
    assert one.served() == NEW
    assert one.former() == OLD
    assert exchange.begun(one.folder) is None


def test_what_undoes_it_may_be_killed_too(world: Callable[..., World]) -> None:
    one = world()
    exchange.begin(one.folder, one.plan)
    kills = next(number for number in range(1, MOST) if not killed_before(number, one.settle)) - 1
    assert kills >= 3
    assert (one.served(), one.names(), one.ours()) == (OLD, [one.name], [])


# Cut off otherwise ---------------------------------------------------------------------------------------


def test_a_server_that_did_it_and_could_not_say_so(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, really = world(), databases.exchange

    def unheard(*values: Any) -> NoReturn:
        really(*values)
        raise psycopg.OperationalError("server closed the connection")

    monkeypatch.setattr(databases, "exchange", unheard)
    assert one.run() == Outcome(True, one.kept, one.folder / f"{exchange.FORMER}{one.moment}")
    assert one.of_one_time()


@pytest.mark.parametrize("error", [LaunchError("encore utilisée"), KeyboardInterrupt()])
def test_a_server_that_refuses_leaves_nothing(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    one = world()
    monkeypatch.setattr(databases, "exchange", failing(error))
    with pytest.raises(type(error)) as caught:
        one.run()
    assert caught.value is error
    assert (one.served(), one.names(), one.ours()) == (OLD, [one.name], [])


def test_what_cannot_be_ended_says_what_to_type(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    one = world()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing(OSError("disk gone")))
        with pytest.raises(Unsettled, match=r"entre deux : disk gone.*« python manage.py restaurer »"):
            one.run()
    assert one.settle() == Outcome(True, one.kept, one.folder / f"{exchange.FORMER}{one.moment}")
    assert one.of_one_time()


def test_a_document_that_came_meanwhile_is_not_written_over(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rmdir", failing(OSError("disk gone")))
        with pytest.raises(Unsettled):
            one.run()
    late = one.folder / "neuf.txt"
    late.rename(exchange.draft_of(one.folder, one.moment) / "neuf.txt")
    late.write_text("entre-temps")
    with pytest.raises(Unsettled, match=r"neuf.txt est apparu entre-temps"):
        one.settle()
    assert late.read_text() == "entre-temps"
    late.unlink()
    assert one.settle()
    assert one.of_one_time()


def test_files_that_took_their_place_beside_a_database_put_back_by_hand(world: Callable[..., World]) -> None:
    one = world()
    exchange.begin(one.folder, one.plan)
    databases.exchange(one.owner, one.name, one.draft, one.kept)
    exchange._exchange_files(one.folder, one.plan)
    databases.exchange(one.owner, one.name, one.kept, one.draft)
    with pytest.raises(Unsettled, match=rf"remettez ceux de {exchange.FORMER}{one.moment}"):
        one.settle()
    assert one.names() == [one.name, one.draft], "nothing is removed that a person may need"


def test_a_journal_of_another_database_or_of_nothing(world: Callable[..., World]) -> None:
    one = world()
    exchange.begin(one.folder, one.plan)
    with pytest.raises(LaunchError, match=f"de la base {one.name} est à finir"):
        exchange.settle({**one.owner, "dbname": "autre"}, one.folder)
    for content in ("", "[]", "{}", json.dumps({"name": one.name})):
        (one.folder / exchange.JOURNAL).write_text(content)
        with pytest.raises(LaunchError, match="ne se lit pas"):
            one.settle()
    exchange.forget(one.folder)
    assert one.settle() is None
    assert exchange.settle(one.owner, None) is None


# What stays as it was ------------------------------------------------------------------------------------


def test_the_folder_stays_itself(world: Callable[..., World]) -> None:
    """It may be a volume, which cannot be renamed, with a folder of the disk's own that nobody may move."""
    one = world()
    (one.folder / exchange.NOBODYS).mkdir()
    before = one.folder.stat().st_ino
    one.run()
    assert one.folder.stat().st_ino == before
    assert (one.folder / exchange.NOBODYS).is_dir()
    assert one.of_one_time()


def test_a_backup_without_files_leaves_them(world: Callable[..., World]) -> None:
    one = world(files=False)
    assert one.run() == Outcome(True, one.kept, None)
    assert (one.restored(), one.served(), one.ours()) == (True, OLD, [])


def test_files_in_a_bucket_need_no_journal(world: Callable[..., World]) -> None:
    one = world(files=False, empty=True)
    exchange.begin(None, one.plan)
    assert exchange.carry_out(one.owner, None, one.plan) == Outcome(True)
    assert (one.restored(), one.names()) == (True, [one.name])
