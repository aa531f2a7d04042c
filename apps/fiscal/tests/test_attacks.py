"""Each column of a link, changed by the owner of the database with every protection off: the verifier says where.

Whole links removed, swapped or rewritten are in `test_attacks_chain.py`; what looks like a change
and is none, and must stay green, in `test_attacks_controls.py`.
"""

from __future__ import annotations

import pytest

from apps.fiscal.models import FiscalEntry
from apps.fiscal.tests.attacks import AsOwner, red_at
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.fields import uuid7

pytestmark = pytest.mark.database

VICTIM = 3
OTHER_ID = str(uuid7())

# One forged value for every column of a link: a column without an entry here fails the walk below.
FORGED: dict[str, str] = {
    "id": f"'{OTHER_ID}'",
    "tenant_id": "'OTHER'",
    "fact_id": f"'{OTHER_ID}'",
    "sequence_number": "99",
    "entry_type": "'invoice'",
    "entity_type": "'facturation.Invoice'",
    "entity_id": f"'{OTHER_ID}'",
    "entity_number": "'FAC-2026-99999'",
    "fiscal_date": "fiscal_date + 1",
    "data_snapshot": "jsonb_set(data_snapshot, '{fact,lines,0,amount}', '\"9\"')",
    "data_canonical": "convert_to(replace(convert_from(data_canonical, 'UTF8'), '\"11500\"', '\"11501\"'), 'UTF8')",
    "data_hash": "repeat('a', 64)",
    "previous_hash": "repeat('a', 64)",
    "chain_hash": "repeat('a', 64)",
    "signature": "set_byte(signature, 7, (get_byte(signature, 7) + 1) % 256)",
    "key_id": "'k2'",
    "algorithm": "'none'",
    "legal_status": "'donnee_technique'",
    "environment": "'sandbox'",
    "actor_type": "'system'",
    "actor_id": f"'{OTHER_ID}'",
    "metadata": "'{\"note\": 1}'",
    "created_at": "created_at + interval '1 microsecond'",
}
SMALLER: list[tuple[str, str]] = [
    ("data_snapshot", "data_snapshot || '{\"version\": true}'"),
    ("data_snapshot", "data_snapshot - 'metadata'"),
    ("data_snapshot", "data_snapshot || '{\"added\": null}'"),
    ("data_snapshot", "'[]'"),
    ("data_canonical", "'\\x00'"),
    ("data_canonical", "'\\xff'"),
    ("data_canonical", "''"),
    ("data_canonical", "convert_to('null', 'UTF8')"),
    ("data_canonical", "convert_to(repeat('[', 100000), 'UTF8')"),
    ("data_canonical", "data_canonical || ' '::bytea"),
    ("data_hash", "upper(data_hash)"),
    ("data_hash", "'not hexadecimal'"),
    ("data_hash", "''"),
    ("previous_hash", "left(previous_hash, 62)"),
    ("chain_hash", "upper(chain_hash)"),
    ("signature", "''"),
    ("metadata", "'[]'"),
    ("fiscal_date", "fiscal_date - 400"),
    ("created_at", "'infinity'"),
    ("fiscal_date", "'infinity'"),
    ("sequence_number", "-3"),
]


def test_every_column_has_its_attack() -> None:
    assert set(FORGED) == {field.column for field in FiscalEntry._meta.local_concrete_fields}


EMPTIED = [(column, "NULL") for column in FORGED if column not in {"id", "tenant_id"}]


@pytest.mark.parametrize("changes", [[*FORGED.items()], SMALLER, EMPTIED], ids=["forged", "smaller", "emptied"])
def test_a_changed_column_is_seen(hospital: Tenant, as_owner: AsOwner, changes: list[tuple[str, str]]) -> None:
    other = make_tenant(slug="ailleurs", name="Ailleurs")
    with as_owner(hospital) as owner:
        owner.raw.execute("alter table fiscal_fiscalentry disable row level security")
        for column, value in changes:
            assert owner.verify().holds, "the control: untouched, it is green"
            with owner.raw.transaction(force_rollback=True):
                forged = value.replace("OTHER", str(other.pk))
                owner.run(f"update fiscal_fiscalentry set {column} = {forged} where sequence_number = {VICTIM}")
                found = owner.verify()
            moved = column in {"tenant_id", "sequence_number"}
            code = red_at(found, *((VICTIM + 1, -3) if moved else (VICTIM,)))
            assert code in expected_codes(column), f"{column} = {value}: {found.first}"
            assert str(found.first).startswith("Maillon ")


def expected_codes(column: str) -> set[str]:
    """Return the codes by which a change of this column may be named first."""
    others = {
        "tenant_id": ["gap"],
        "sequence_number": ["gap", "double"],
        "key_id": ["key"],
        "data_snapshot": ["snapshot", "unreadable"],
        "data_canonical": ["data-hash"],
    }
    return {column.replace("_", "-"), f"column-{column}", *others.get(column, [])}
