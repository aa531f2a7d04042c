"""The declarations of the second wall: what they may say, and the SQL that they become."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.organisations.models import Membership, Role, Tenant, Tiers, User
from apps.socle import installer
from apps.socle.immutability import ALL, Protection
from apps.socle.installer import (
    Piece,
    composite_key_name,
    composite_keys,
    house_apps,
    house_models,
    pieces,
    row_security_of,
    table_sql,
)
from apps.socle.models import Fait
from apps.socle.row_security import journal_rows, open_table, person_rows, tenant_rows
from apps.socle.transitions import Transition, TransitionTable

STEPS = TransitionTable(
    "statut",
    initial=("OUVERT",),
    transitions=(Transition("fermer", origins=("OUVERT",), target="FERME", label="Fermer"),),
)
COLUMNS = {"id", "tenant_id", "statut", "montant", "paye_le"}


@pytest.mark.parametrize(
    ("protection", "said"),
    [
        (Protection(living=("montnat",)), "names unknown column montnat"),
        (Protection(frozen=("montnat",)), "names unknown column montnat"),
        (Protection(living_by_state={"OUVERT": ("montnat",)}, state="statut"), "names unknown column montnat"),
        (Protection(state="etat"), "names unknown column etat"),
        (Protection(living_by_state={"OUVERT": ALL}), "speaks of states and names no state column"),
        (Protection(deletable_states=("OUVERT",)), "speaks of states and names no state column"),
        (Protection(transitions=STEPS), "speaks of states and names no state column"),
        (
            Protection(state="montant", living=("montant",), transitions=STEPS),
            "guards montant with the steps of statut",
        ),
        (
            Protection(state="statut", living=("statut",), transitions=STEPS, living_by_state={"OUVERTE": ALL}),
            "names unknown state OUVERTE",
        ),
        (
            Protection(state="statut", living=("statut",), transitions=STEPS, deletable_states=("BROUILLON",)),
            "names unknown state BROUILLON",
        ),
        (Protection(state="statut", transitions=STEPS), "declares a step out of OUVERT, where statut cannot change"),
        (
            Protection(state="statut", living=("statut",), frozen=("statut",), transitions=STEPS),
            "declares a step out of OUVERT, where statut cannot change",
        ),
    ],
)
def test_a_declaration_that_would_protect_nothing_or_lock_everything_is_refused(protection, said):
    assert said in protection.problems(COLUMNS)


@pytest.mark.parametrize(
    "protection",
    [
        Protection(),
        Protection(living=("paye_le",)),
        Protection(state="statut", living=("statut",), transitions=STEPS),
        Protection(state="statut", living_by_state={"OUVERT": ALL}, transitions=STEPS, deletable_states=("OUVERT",)),
        Protection(state="statut", living_by_state={"OUVERT": ("statut", "montant")}, transitions=STEPS),
    ],
)
def test_a_sound_declaration_has_no_problem(protection):
    assert protection.problems(COLUMNS) == []


@pytest.mark.parametrize(
    ("column", "state", "may"),
    [
        ("paye_le", "FERME", True),
        ("montant", "FERME", False),
        ("montant", "OUVERT", True),
        ("id", "OUVERT", False),
        ("tenant_id", "OUVERT", False),
        ("cree_par", "OUVERT", False),
    ],
)
def test_key_tenant_and_frozen_columns_never_change(column, state, may):
    protection = Protection(
        living=("paye_le", "id"), living_by_state={"OUVERT": ALL}, frozen=("cree_par",), state="statut"
    )
    assert protection.may_change(column, state) is may


def test_every_model_of_ours_is_declared_without_contradiction():
    for model in house_models():
        protection = getattr(model, "protection", None)
        if protection is not None:
            assert protection.problems({f.column for f in model._meta.local_concrete_fields}) == [], model
        assert table_sql(model)


def test_a_table_that_declares_nothing_is_not_installed(monkeypatch):
    monkeypatch.delattr(Role, "row_security")
    with pytest.raises(TypeError, match="declares no row_security"):
        table_sql(Role)


def test_a_wrong_declaration_is_not_installed(monkeypatch):
    monkeypatch.setattr(Tiers, "protection", Protection(living=("nmo",)), raising=False)
    with pytest.raises(TypeError, match="unknown column nmo"):
        table_sql(Tiers)


def test_a_link_between_tenants_rows_must_be_a_model_of_its_own():
    """An automatic link table has no tenant: no policy could close it."""
    assert row_security_of(User.groups.through).kind == "open"
    ends = [SimpleNamespace(related_model=end) for end in (Tiers, Role)]
    meta = SimpleNamespace(auto_created=Tiers, local_concrete_fields=ends, label="organisations.Tiers_roles")
    with pytest.raises(TypeError, match="a model of its own"):
        row_security_of(SimpleNamespace(_meta=meta))


def test_the_four_kinds_of_rows():
    assert "tenant_id = " in tenant_rows().using == tenant_rows().check
    assert tenant_rows("id").using.startswith("id = ")
    assert "nullif(current_setting('cauris.tenant', true), '')" in tenant_rows().using
    assert "cauris.user" in person_rows().read
    assert "cauris.user" not in person_rows().using + person_rows().check
    assert journal_rows().using == tenant_rows().using
    assert journal_rows().check.startswith("tenant_id is null or ")
    assert open_table("why").using == "" != open_table("why").reason


def test_house_apps_come_lowest_first():
    names = [config.label for config in house_apps()]
    assert names[:2] == ["socle", "organisations"]
    assert names.index("fiscal") < names.index("facturation") < names.index("comptabilite")


def test_pieces_are_ordered_functions_then_tables_then_the_apps_sql():
    names = [piece.name for piece in pieces()]
    assert len(names) == len(set(names))
    assert names.index("file:socle/10_guard.sql") < names.index("table:socle_fait")
    assert names.index("pair:socle_fait") < names.index("table:fiscal_fiscalentry")
    last_table = max(i for i, name in enumerate(names) if name.startswith("table:"))
    others = [i for i, n in enumerate(names) if n.startswith("file:") and not n.startswith("file:socle/")]
    assert min(others) > last_table


def test_a_piece_is_the_same_for_a_process_that_knows_one_login_only(monkeypatch):
    piece = Piece("p", "grant x to {runtime};\ngrant y to {maintenance};\nalter owner {owner};")
    logins = {"default": "web", "maintenance": 'the "keeper"'}
    monkeypatch.setattr(installer, "login", logins.get)
    assert piece.bound() == 'grant x to "web";\ngrant y to "the ""keeper""";\nalter owner current_user;'
    digest = piece.digest
    del logins["maintenance"]
    assert piece.bound() == 'grant x to "web";\nalter owner current_user;'
    assert piece.digest == digest


@pytest.mark.parametrize(
    ("model", "rights"),
    [
        (Fait, "select, insert"),
        (Tenant, "select, insert, update"),
        (Tiers, "select, insert, update, delete"),
        (Membership, "select, insert, update"),
        (Role, "select"),
        (Role.permissions.through, "select"),
    ],
)
def test_the_runtime_is_granted_what_the_declaration_allows(model, rights):
    assert f'grant {rights} on "{model._meta.db_table}" to {{runtime}};' in table_sql(model)


def test_names_of_composite_keys_fit_postgresql():
    names = [composite_key_name(key) for model in house_models() for key in composite_keys(model)]
    assert names
    assert len(names) == len(set(names))
    assert all(len(name) <= 63 for name in names)
