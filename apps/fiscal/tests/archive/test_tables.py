"""The tables of an archive against its JSON Lines: verify.py tells any cell that says something else, though it is signed."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.fiscal.archive import contents, verify
from apps.fiscal.tests.archive.support import Content, archived, packed, read, resealed, verified
from apps.fiscal.tests.history import sell
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers
from apps.socle.actors import SYSTEM
from apps.socle.screens.exports import BOM, cell

pytestmark = pytest.mark.database

Rows = list[bytes]
LINKS, CLOSINGS = "entries.csv", "closings.csv"


def cells(number: int, change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Rows], Rows]:
    """Return what changes the cells of one row (1: the titles)."""

    def changed(rows: Rows) -> Rows:
        row = rows[number - 1].removesuffix(b"\r\n")
        return [*rows[: number - 1], b";".join(change(row.split(b";"))) + b"\r\n", *rows[number:]]

    return changed


def put(number: int, at: int, value: str) -> Callable[[Rows], Rows]:
    return cells(number, lambda row: [*row[:at], value.encode(), *row[at + 1 :]])


# Name: (file, what is done to its rows, what verify.py says).
ALTERED: dict[str, tuple[str, Callable[[Rows], Rows], str]] = {
    "amount": (LINKS, put(2, 11, "1191"), "entries.csv, ligne 2 : la colonne « Montant » dit « 1191 », et non « 1190 »"),
    "formula": (LINKS, put(6, 9, "=Espèces"), "ligne 6 : la colonne « Libellé » dit « =Espèces », et non « '=Espèces »"),
    "thousands": (LINKS, put(2, 11, "1 190"), "ligne 2 : la colonne « Montant » dit « 1 190 »"),
    "name": (LINKS, put(3, 7, "Autre"), "ligne 3 : la colonne « Tiers » dit « Autre », et non « "),
    "hash": (LINKS, put(2, 14, "ab" * 32), f"ligne 2 : la colonne « Empreinte du maillon » dit « {('ab' * 32)[:60]} »"),
    "title": (LINKS, put(1, 11, "Somme"), "ligne 1 : la colonne « Montant » dit « Somme », et non « Montant »"),
    "column missing": (LINKS, cells(2, lambda row: row[:-1]), "ligne 2 : la colonne « Empreinte du maillon » y manque"),
    "column extra": (LINKS, cells(2, lambda row: [*row, b"x"]), "ligne 2 : une colonne y est de trop"),
    "columns swapped": (LINKS, cells(2, lambda row: [row[1], row[0], *row[2:]]), "ligne 2 : la colonne « Maillon » dit « 28/11/2026 »"),
    "row missing": (LINKS, lambda rows: [*rows[:6], *rows[7:]], "ligne 7 : la colonne « Rôle » dit « produit », et non « creance »"),
    "last row missing": (LINKS, lambda rows: rows[:-1], "ligne 40 : elle manque, le tableau finit avant"),
    "row extra": (LINKS, lambda rows: [*rows, rows[-1]], "ligne 41 : elle est de trop"),
    "row doubled": (LINKS, lambda rows: [*rows[:2], rows[1], *rows[2:]], "ligne 3 : la colonne « Rôle » dit « creance »"),
    "rows swapped": (LINKS, lambda rows: [*rows[:6], rows[11], *rows[7:11], rows[6], *rows[12:]], "ligne 7 : la colonne « Maillon » dit « 3 », et non « 2 »"),
    "cut in a row": (LINKS, lambda rows: [*rows[:-1], rows[-1][:-40]], "ligne 40 : la colonne « Empreinte du maillon » dit « "),
    "cut before its end": (LINKS, lambda rows: [*rows[:-1], rows[-1][:-2]], "ligne 40 : elle n’est pas écrite comme le format le veut"),
    "empty": (LINKS, lambda rows: [], "ligne 1 : elle manque, le tableau finit avant"),
    "line feeds": (LINKS, lambda rows: [row.replace(b"\r\n", b"\n") for row in rows], "ligne 1 : elle n’est pas écrite comme"),
    "quotes": (LINKS, cells(2, lambda row: [b'"1"', *row[1:]]), "ligne 2 : elle n’est pas écrite comme le format le veut"),
    "commas": (LINKS, lambda rows: [row.replace(b";", b",") for row in rows], "ligne 1 : la colonne « Maillon » dit « Maillon,Jour"),
    "no mark": (LINKS, lambda rows: [rows[0][3:], *rows[1:]], "ligne 1 : elle n’est pas écrite comme le format le veut"),
    "huge cell": (LINKS, put(2, 9, "12345678" * 20_000), "ligne 2 : la colonne « Libellé » dit « 1234567812345678"),
    "no text": (LINKS, cells(2, lambda row: [b"\xff\xfe", *row[1:]]), "ligne 2 : la colonne « Maillon » dit « "),
    "turnover": (CLOSINGS, put(3, 9, "1"), "closings.csv, ligne 3 : la colonne « Cumul à la clôture » dit « 1 », et non « 15950 »"),
    "period": (CLOSINGS, put(5, 1, "jour"), "closings.csv, ligne 5 : la colonne « Périodicité » dit « jour », et non « mois »"),
    "closing missing": (CLOSINGS, lambda rows: rows[:-1], "closings.csv, ligne 5 : elle manque"),
    "closing extra": (CLOSINGS, lambda rows: [*rows, rows[-1]], "closings.csv, ligne 6 : elle est de trop"),
    "closings swapped": (CLOSINGS, lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "closings.csv, ligne 2 : la colonne « Clôture »"),
    "closing's title": (CLOSINGS, put(1, 1, "Période"), "closings.csv, ligne 1 : la colonne « Périodicité » dit « Période »"),
}  # fmt: skip


def test_a_table_that_says_something_else_is_told_though_it_is_signed(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genuine = read(made)
    control = dict(genuine)
    resealed(control, house)
    status, said = verified(capsys, packed(tmp_path / "control.zip", control))
    assert status == 0, f"the control: signed again as it was, it holds: {said}"
    assert "entries.csv : 39 rangées, ce que disent les lignes JSON" in said
    assert "closings.csv : 4 rangées, ce que disent les lignes JSON" in said
    for name, (file, change, expected) in ALTERED.items():
        content = dict(genuine)
        content[file] = b"".join(change(genuine[file].splitlines(keepends=True)))
        assert content[file] != genuine[file], name
        resealed(content, house)
        with zipfile.ZipFile(tmp_path / "altered.zip", "w") as archive:  # stored: what inflates little is no bomb
            for each, data in content.items():
                archive.writestr(each, data)
        status, said = verified(capsys, tmp_path / "altered.zip")
        assert status == 1, f"{name}: {said}"
        assert expected in said.split("Premier élément rompu : ")[1], f"{name}: {said}"
        assert said.count("NE TIENT PAS  ") == 1, f"{name}: the first difference is enough: {said}"


def test_what_does_not_hold_in_the_evidence_is_named_before_a_table(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both say the same falsehood: the link is what does not hold. The link alone: its row is told after it."""
    content = read(made)
    content["entries.jsonl"] = content["entries.jsonl"].replace(b'\\"amount\\":\\"2190\\"', b'\\"amount\\":\\"2191\\"')
    for table, told in ((content[LINKS].replace(b";2190;", b";2191;"), False), (content[LINKS], True)):
        altered: Content = content | {LINKS: table}
        resealed(altered, house)
        status, said = verified(capsys, packed(tmp_path / "a.zip", altered))
        assert (status, "NE TIENT PAS  entries.csv, ligne 7 : la colonne « Montant »" in said) == (1, told), said
        assert said.split("Premier élément rompu : ")[1].startswith("maillon 2 : ses données signées")


def test_memory_follows_the_longest_row_and_not_the_table(
    made: Path, house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_at_once: list[int] = []

    class Watched(verify.Table):
        def _read(self, size: int) -> bytes:
            read_at_once.append(size)
            return super()._read(size)

    monkeypatch.setattr(verify, "Table", Watched)
    assert verified(capsys, made)[0] == 0
    assert len(read_at_once) == 1 + 39 + 1 + 4 + 2
    assert max(read_at_once) < 1000


def test_a_cell_that_no_reader_takes(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        table = verify.Table(archive, LINKS, verify.LINK_COLUMNS)
        assert table._difference(["x"], b"y" * 200_000) == "elle ne se lit pas"


def test_texts_of_every_kind_come_out_of_both_hands_alike(
    house: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that need quotes, apostrophes, or both: the platform writes them, verify.py expects the same bytes."""
    names = ["=1+1", " @x", 'dit "Zoé"', "a;b", "ligne\nautre", "\ttab", "-5", "+237 6", "É\u00a0;\r", "'", '"', "😀"]
    for number, name in enumerate(names, 20):
        monkeypatch.setattr(
            "apps.fiscal.tests.history.make_tiers", lambda tenant, name=name: make_tiers(tenant, nom=name)
        )
        sell(tenant=house, number=number, acteur=SYSTEM)
    status, said = verified(capsys, archived(tmp_path))
    assert status == 0, said
    assert f"{39 + 5 * len(names)} rangées" in said


def test_quotes_and_formulas_as_the_platform_writes_them() -> None:
    noise, alphabet = random.Random(7), "a;\"\r\n\t=+-@ 'é,"
    for _try in range(3000):
        texts = ["".join(noise.choices(alphabet, k=noise.randrange(6))) for _cell in range(3)]
        written = b"".join(contents._csv(("t",), [texts])).decode()
        expected = ";".join(verify.quoted(verify.cell(text)) for text in texts)
        assert written == f"{BOM}t\r\n{expected}\r\n"
    assert [verify.cell(value) for value in (None, 12, "x")] == [cell(value) for value in (None, 12, "x")]


def test_the_titles_are_the_same_in_both_hands() -> None:
    assert (verify.LINK_COLUMNS, verify.CLOSING_COLUMNS) == (contents.LINK_HEADER, contents.CLOSING_HEADER)


def test_a_damaged_table_is_damage_and_the_rest_is_verified(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = bytearray(made.read_bytes())
    for place in (raw.index(b"entries.csv") + 200, raw.index(b"entries.csv") + 2):
        damaged = bytearray(raw)
        damaged[place] ^= 0xFF
        (tmp_path / "d.zip").write_bytes(damaged)
        status, said = verified(capsys, tmp_path / "d.zip")
        assert status == 1, said
        assert "Premier élément rompu : entries.csv : ce n’est pas le fichier" in said
        assert "11 maillons, 1 à 11 : contenu, empreintes, signatures, jours" in said
