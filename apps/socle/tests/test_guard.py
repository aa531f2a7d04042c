"""The guard by itself, on a table made for it: each word of a declaration, and what it lets pass.

What each model declares is tried on the models' own tables in `tests/test_walls.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from apps.socle.errors import from_integrity_error
from apps.socle.immutability import ALL, Protection
from apps.socle.transitions import Transition, TransitionTable

pytestmark = pytest.mark.database

STEPS = TransitionTable(
    "statut",
    initial=("BROUILLON", "OUVERT"),
    transitions=(
        Transition("ouvrir", origins=("BROUILLON",), target="OUVERT", label="Ouvrir"),
        Transition("fermer", origins=("OUVERT",), target="FERME", label="Fermer"),
    ),
)
PROTECTION = Protection(
    living=("statut", "paye_le"),
    living_by_state={"BROUILLON": ALL, "OUVERT": ("note",)},
    frozen=("cree_par",),
    state="statut",
    transitions=STEPS,
    deletable_states=("BROUILLON",),
)
TABLE = """
create temporary table guarded (
  id uuid default gen_random_uuid(), tenant_id uuid default gen_random_uuid(), statut text, montant numeric(20, 4),
  note text, cree_par text, paye_le timestamptz, donnees jsonb
) on commit drop;
create trigger initial before insert on guarded for each row execute function socle_guard('{rule}');
create trigger guard before update or delete on guarded for each row execute function socle_guard('{rule}');
create trigger truncated before truncate on guarded for each statement execute function socle_guard('{rule}');
"""


@pytest.fixture
def table(db) -> Callable[[Protection], None]:
    def make(protection: Protection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TABLE.replace("{rule}", json.dumps(protection.as_arguments())))
            if protection.transitions is None:  # as the installer does
                cursor.execute("drop trigger initial on guarded")

    return make


@pytest.fixture
def guarded(table) -> None:
    table(PROTECTION)


def run(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def row(statut: str) -> None:
    """Put a row in `statut`, by the steps that lead there."""
    run(f"insert into guarded (statut, montant) values ('{'BROUILLON' if statut == 'BROUILLON' else 'OUVERT'}', 5)")
    if statut == "FERME":
        run("update guarded set statut = 'FERME'")


def refusal(statement: str) -> str:
    """Return the code of the sentence with which `statement` is refused, empty when it passes."""
    try:
        with transaction.atomic():
            assert run(statement) == 1
    except IntegrityError as error:
        said = from_integrity_error(error)
        assert said is not None
        return said.code
    return ""


@pytest.mark.parametrize(
    ("statut", "changes", "code"),
    [
        ("FERME", "paye_le = now()", ""),
        ("FERME", "note = 'x'", "document-issued"),
        ("FERME", "montant = 6", "document-issued"),
        ("FERME", "montant = 5.0000", ""),
        ("FERME", "donnees = '{}'", "document-issued"),
        ("FERME", "paye_le = now(), montant = 6", "document-issued"),
        ("OUVERT", "note = 'x', paye_le = now()", ""),
        ("OUVERT", "montant = 6", "document-issued"),
        ("OUVERT", "cree_par = 'x'", "document-issued"),
        ("BROUILLON", "montant = 6, note = 'x', donnees = '{}'", ""),
        ("BROUILLON", "cree_par = 'x'", "document-issued"),
        ("BROUILLON", "id = gen_random_uuid()", "document-issued"),
        ("BROUILLON", "tenant_id = gen_random_uuid()", "document-issued"),
        ("BROUILLON", "statut = 'OUVERT', montant = 6", ""),
        ("OUVERT", "statut = 'FERME', montant = 6", "document-issued"),
        ("OUVERT", "statut = 'FERME', note = 'x'", ""),
        ("OUVERT", "statut = 'BROUILLON'", "transition-refused"),
        ("FERME", "statut = 'OUVERT'", "transition-refused"),
        ("BROUILLON", "statut = 'FERME'", "transition-refused"),
        ("BROUILLON", "statut = 'AUTRE'", "transition-refused"),
        ("BROUILLON", "statut = null", "transition-refused"),
        ("FERME", "statut = 'FERME'", ""),
    ],
)
def test_what_may_change_in_each_state(guarded, statut, changes, code):
    row(statut)
    assert refusal(f"update guarded set {changes}") == code


@pytest.mark.parametrize(
    ("statut", "code"), [("BROUILLON", ""), ("OUVERT", "document-issued"), ("FERME", "document-issued")]
)
def test_only_a_draft_is_deleted(guarded, statut, code):
    row(statut)
    assert refusal("delete from guarded") == code


@pytest.mark.parametrize(
    ("statut", "code"),
    [
        ("'BROUILLON'", ""),
        ("'OUVERT'", ""),
        ("'FERME'", "transition-refused"),
        ("null", "transition-refused"),
        ("''", "transition-refused"),
    ],
)
def test_a_row_begins_in_a_state_of_the_beginning(guarded, statut, code):
    assert refusal(f"insert into guarded (statut) values ({statut})") == code


def test_no_statement_goes_round_it(guarded):
    """Neither an upsert, nor a COPY of the kind, nor a statement about many rows of which one may not."""
    row("FERME")
    run("create unique index on guarded (id)")
    upsert = (
        "insert into guarded (id, statut) select id, 'OUVERT' from guarded on conflict (id) do update set note = 'x'"
    )
    assert refusal(upsert) == "document-issued"
    row("OUVERT")
    with pytest.raises(IntegrityError), transaction.atomic():
        run("update guarded set note = 'x'")
    assert run("select 1 from guarded where note is not null") == 0


def test_truncate_is_refused(guarded):
    with pytest.raises(IntegrityError, match="TRUNCATE refused"), transaction.atomic():
        run("truncate guarded")


def test_a_declaration_of_nothing_lets_nothing_change(table):
    table(Protection())
    run("insert into guarded (statut) values ('n’importe')")
    assert refusal("update guarded set paye_le = now()") == "document-issued"
    assert refusal("update guarded set statut = 'autre'") == "document-issued"
    assert refusal("delete from guarded") == "document-issued"


def test_a_state_without_steps_may_go_anywhere(table):
    """As a tenant's: the check of the column holds its words."""
    table(Protection(state="statut", living_by_state={"a": ALL, "b": ALL}, frozen=("cree_par",)))
    run("insert into guarded (statut) values ('a')")
    assert refusal("update guarded set statut = 'b'") == ""
    assert refusal("update guarded set statut = 'a', cree_par = 'x'") == "document-issued"
