"""Closings changed, dropped, swapped or forged by the owner of the database, and links behind a closing's back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.fiscal import crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.checkpoints import Checkpoint
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalClosing, FiscalEntry
from apps.fiscal.services.verify_chain import Verification, verify_chain
from apps.fiscal.tests.attacks import AsOwner, Owner
from apps.fiscal.tests.history import FIRST, clock_of, declare_sales, live
from apps.fiscal.tests.test_attacks_chain import cheaper, forge
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.fields import uuid7
from apps.socle.scope import scope

pytestmark = pytest.mark.database

OTHER_ID = str(uuid7())
VICTIM = "closing_type = 'daily' and closing_date = '2026-11-29'"
THE_MONTH = "closing_type = 'monthly'"

# One forged value for every column of a closing: a column without an entry here fails the walk below.
FORGED: dict[str, str] = {
    "id": f"'{OTHER_ID}'",
    "tenant_id": "'OTHER'",
    "closing_type": "'yearly'",
    "closing_date": "closing_date + 400",
    "period_start": "period_start - 1",
    "first_sequence": "first_sequence + 1",
    "last_sequence": "last_sequence - 1",
    "entries_count": "entries_count + 1",
    "head_hash": "repeat('a', 64)",
    "totals": "jsonb_set(totals, '{XAF,invoiced}', '\"1\"')",
    "perpetual_totals": "jsonb_set(perpetual_totals, '{XAF,collected,ESPECES}', '\"1\"')",
    "opening_balance": "opening_balance + 1",
    "closing_balance": "closing_balance + 0.0001",
    "currency": "'EUR'",
    "total_operations": "total_operations + 1",
    "merkle_root": "repeat('a', 64)",
    "merkle_frontier": "merkle_frontier - 0",
    "unfinished": '\'[{"kind": "x", "label": "y", "count": 1}]\'',
    "previous_closing_hash": "repeat('a', 64)",
    "data_canonical": "convert_to(replace(convert_from(data_canonical, 'UTF8'), '\"daily\"', '\"Daily\"'), 'UTF8')",
    "data_hash": "repeat('a', 64)",
    "closing_hash": "repeat('a', 64)",
    "signature": "set_byte(signature, 7, (get_byte(signature, 7) + 1) % 256)",
    "key_id": "'k2'",
    "algorithm": "'none'",
    "status": "'failed'",
    "fec_export_path": "'/tmp/fec.txt'",
    "actor_type": "'user'",
    "actor_id": f"'{OTHER_ID}'",
    "actor_label": "'Personne'",
    "environment": "'sandbox'",
    "closed_at": "closed_at + interval '1 microsecond'",
    "created_at": "created_at + interval '1 microsecond'",
}
SMALLER: list[tuple[str, str]] = [
    ("totals", "totals || '{\"added\": null}'"),
    ("totals", "'[]'"),
    ("merkle_frontier", "'[1]'"),
    ("merkle_frontier", "'{}'"),
    ("data_canonical", "''"),
    ("data_canonical", "'\\xff'"),
    ("data_canonical", "convert_to('null', 'UTF8')"),
    ("data_canonical", "convert_to(repeat('[', 100000), 'UTF8')"),
    ("data_canonical", "data_canonical || ' '::bytea"),
    ("closing_hash", "upper(closing_hash)"),
    ("previous_closing_hash", "left(previous_closing_hash, 62)"),
    ("signature", "''"),
    ("closing_date", "'infinity'"),
    ("closed_at", "'infinity'"),
]
EMPTIED = [(column, "NULL") for column in FORGED if column not in {"id", "tenant_id", "fec_export_path", "actor_id"}]


@pytest.fixture
def sealed(committed_house: Tenant, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A committed hospital with three sealed days and a sealed month."""
    declare_sales(monkeypatch)
    clock_of(monkeypatch)(FIRST)
    live(committed_house, clock)
    return committed_house


def codes(found: Verification) -> list[str]:
    return [anomaly.code for anomaly in found.anomalies]


def red(found: Verification, *expected: str) -> None:
    assert found.first is not None, "the attack was not seen"
    assert found.first.code in expected, str([str(anomaly) for anomaly in found.anomalies])


def test_every_column_has_its_attack() -> None:
    assert set(FORGED) == {field.column for field in FiscalClosing._meta.local_concrete_fields}


def test_a_changed_column_is_seen_and_its_closing_named(sealed: Tenant, as_owner: AsOwner) -> None:
    other = make_tenant(slug="ailleurs", name="Ailleurs")
    with as_owner(sealed) as owner:
        owner.raw.execute("alter table fiscal_fiscalclosing disable row level security")
        assert owner.verify().holds, "the control: untouched, it is green"
        for column, value in [*FORGED.items(), *SMALLER, *EMPTIED]:
            with owner.raw.transaction(force_rollback=True):
                forged = value.replace("OTHER", str(other.pk))
                owner.run(f"update fiscal_fiscalclosing set {column} = {forged} where {VICTIM}")
                found = owner.verify()
            assert found.first is not None, f"{column} = {value} was not seen"
            assert found.first.code.startswith("closing-"), f"{column} = {value}: {found.first}"
            if column not in {"id", "tenant_id", "closing_type", "closing_date"}:
                assert str(found.first).startswith("Clôture CLO-2026-11-29 : "), f"{column} = {value}: {found.first}"
        assert owner.verify().holds


def test_a_closing_dropped(sealed: Tenant, as_owner: AsOwner) -> None:
    """In the middle, the last one, the month; with its link too the links say it first."""
    with as_owner(sealed) as owner:
        for where, first in ((VICTIM, "closing-order"), ("closing_date = '2026-11-28'", "closing-order"),
                             (THE_MONTH, "closing-missing")):  # fmt: skip
            with owner.raw.transaction(force_rollback=True):
                owner.run(f"delete from fiscal_fiscalclosing where {where}")
                found = owner.verify()
            red(found, first)
            assert "closing-missing" in codes(found)
        owner.run(f"delete from fiscal_fiscalclosing where {THE_MONTH}")
        owner.run("delete from fiscal_fiscalentry where sequence_number = 9")
        red(owner.verify(), "gap")


def test_every_closing_dropped(sealed: Tenant, as_owner: AsOwner) -> None:
    with as_owner(sealed) as owner:
        owner.run("delete from fiscal_fiscalclosing")
        owner.run("update fiscal_fiscalsequence set sealed_until = null")
        found = owner.verify()
    assert codes(found) == ["closing-missing"] * 4
    assert [anomaly.sequence_number for anomaly in found.anomalies] == [4, 7, 8, 9]


def test_closings_swapped_doubled_or_given_a_wrong_link(sealed: Tenant, as_owner: AsOwner) -> None:
    swap = (
        "update fiscal_fiscalentry a set entity_id = b.entity_id from fiscal_fiscalentry b"
        " where (a.sequence_number, b.sequence_number) in ((4, 7), (7, 4))"
    )
    double = (
        "insert into fiscal_fiscalclosing select (jsonb_populate_record(c, %(changes)s)).*"
        f" from fiscal_fiscalclosing c where {VICTIM}"
    )
    with as_owner(sealed) as owner:
        with owner.raw.transaction(force_rollback=True):
            owner.run(swap)
            assert {"column-entity_id", "closing-order"} <= set(codes(owner.verify()))
        owner.run(double, changes=json.dumps({"id": OTHER_ID}))
        assert {"closing-columns", "closing-order", "closing-link"} <= set(codes(owner.verify()))


def test_the_last_sealed_day_moved(sealed: Tenant, as_owner: AsOwner) -> None:
    with as_owner(sealed) as owner:
        for value in ("sealed_until - 1", "null"):
            owner.run(f"update fiscal_fiscalsequence set sealed_until = {value}")
            red(owner.verify(), "sealed-until")


def test_a_closing_of_another_house_brought_in(sealed: Tenant, as_owner: AsOwner, clock: Any) -> None:
    other = make_tenant(slug="ailleurs", name="Ailleurs")
    live(other, clock)
    with as_owner(sealed) as owner:
        owner.raw.execute("alter table fiscal_fiscalclosing disable row level security")
        owner.run(f"delete from fiscal_fiscalclosing where tenant_id = %(mine)s and {VICTIM}", mine=sealed.pk)
        owner.run(
            f"update fiscal_fiscalclosing set tenant_id = %(mine)s where tenant_id = %(theirs)s and {VICTIM}",
            mine=sealed.pk,
            theirs=other.pk,
        )
        assert {"closing-columns", "closing-signature", "closing-link"} <= set(codes(owner.verify()))


# Forged with hashes that fit together ---------------------------------------------------------------------


def rewrite(owner: Owner, where: str, sign: Any = None, **changes: Any) -> None:
    """Rewrite one closing, its columns, bytes and hashes with it; signed again where a key is given."""
    row = owner.raw.execute(
        f"select data_canonical, previous_closing_hash, signature from fiscal_fiscalclosing where {where}"
    ).fetchone()
    assert row
    said = json.loads(row[0]) | changes
    canonical = canonical_bytes(said)
    hashed = data_hash(canonical)
    closed = crypto.closing_hash(said["previous_closing_hash"], hashed)
    columns = "".join(f"{name} = %({name})s, " for name in changes)
    owner.run(
        f"update fiscal_fiscalclosing set {columns} data_canonical = %(canonical)s, data_hash = %(hashed)s,"
        f" closing_hash = %(closed)s, signature = %(signature)s where {where}",
        canonical=canonical,
        hashed=hashed,
        closed=closed,
        signature=crypto.sign(sign, closed) if sign else row[2],
        **{name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in changes.items()},
    )


def test_a_closing_rewritten_with_fitting_hashes_lacks_the_signature(sealed: Tenant, as_owner: AsOwner) -> None:
    for sign in (None, crypto.derive_signing_key(bytes(32), sealed.pk, "k1")):
        with as_owner(sealed) as owner:
            rewrite(owner, THE_MONTH, sign, actor_label="Personne")
            red(owner.verify(), "closing-signature")


def test_even_signed_with_the_tenants_key_it_is_not_what_its_link_announced(sealed: Tenant, as_owner: AsOwner) -> None:
    key = derive(sealed.pk, "k1")
    with as_owner(sealed) as owner:
        rewrite(owner, THE_MONTH, key, actor_label="Personne")
        assert codes(owner.verify()) == ["closing-link"], "the only thing that is left to be wrong"
    for changes, code in (
        ({"total_operations": 4}, "closing-parts"),
        ({"perpetual_totals": {}}, "closing-balance"),
        ({"merkle_frontier": []}, "closing-frontier"),
        ({"entries_count": 6}, "closing-count"),
        ({"algorithm": "rfc8785+md5"}, "closing-format"),
    ):
        with as_owner(sealed) as owner:
            rewrite(owner, THE_MONTH, key, **changes)
            assert code in codes(owner.verify()), f"{changes}"
    with as_owner(sealed) as owner:
        said = owner.raw.execute(f"select totals from fiscal_fiscalclosing where {VICTIM}").fetchone()
        assert said
        totals = said[0] | {"XAF": said[0]["XAF"] | {"rounded": "0"}}
        rewrite(owner, VICTIM, key, totals=totals)
        assert "closing-totals" in codes(owner.verify())


def test_a_sealed_link_rewritten_with_the_tenants_key(sealed: Tenant, as_owner: AsOwner) -> None:
    """Every link behind it signed again, the head moved: the closings still know what they sealed."""
    with as_owner(sealed) as owner:
        forge(owner, 2, cheaper, sign=derive(sealed.pk, "k1"))
        found = owner.verify()
    assert {"closing-head", "closing-merkle", "closing-totals"} <= set(codes(found))
    assert all(code.startswith("closing-") for code in codes(found)), "the links themselves are right"


def test_a_link_inserted_into_a_sealed_day_with_the_tenants_key(sealed: Tenant, as_owner: AsOwner) -> None:
    """Back-dated, everything behind it numbered, hashed and signed again."""
    key = derive(sealed.pk, "k1")
    with as_owner(sealed) as owner:
        owner.raw.execute("alter table fiscal_fiscalentry drop constraint fiscal_fiscalentry_pkey cascade")
        owner.run("update fiscal_fiscalentry set sequence_number = sequence_number + 1 where sequence_number > 2")
        owner.run(
            "insert into fiscal_fiscalentry select (jsonb_populate_record(e, %(changes)s)).* from fiscal_fiscalentry e"
            " where sequence_number = 2",
            changes=json.dumps({"id": OTHER_ID, "sequence_number": 3}),
        )
        owner.run(
            "update fiscal_fiscalentry set data_snapshot = data_snapshot || jsonb_build_object("
            "'sequence_number', sequence_number, 'id', id)"
        )
        owner.run("update fiscal_fiscalsequence set last_sequence_number = 12")
        forge(owner, 1, lambda said: None, sign=key)
        found = owner.verify()
    assert {"closing-head", "closing-days", "closing-merkle"} <= set(codes(found))
    assert not [code for code in codes(found) if not code.startswith(("closing-", "commitment-"))]


# From a checkpoint, and controls ---------------------------------------------------------------------------


def test_from_a_checkpoint_bytes_and_places_of_all_closings_are_verified(sealed: Tenant, as_owner: AsOwner) -> None:
    with scope(sealed.pk):
        since = Checkpoint(9, FiscalEntry.objects.get(sequence_number=9).chain_hash)
        found = verify_chain(since=since)
    assert (found.holds, found.entries) == (True, 3)
    with as_owner(sealed) as owner:
        owner.run(f"update fiscal_fiscalclosing set actor_label = 'Personne' where {VICTIM}")
        with scope(sealed.pk):
            red(verify_chain(since=since), "closing-columns")


def test_from_a_checkpoint_the_tree_goes_on_from_the_signed_one(sealed: Tenant, as_owner: AsOwner) -> None:
    with scope(sealed.pk):
        since = Checkpoint(4, FiscalEntry.objects.get(sequence_number=4).chain_hash)
        assert verify_chain(since=since).holds
    with as_owner(sealed) as owner:
        forge(owner, 5, cheaper, sign=derive(sealed.pk, "k1"))
        with scope(sealed.pk):
            assert "closing-merkle" in codes(verify_chain(since=since))


def test_settings_change_nothing(sealed: Tenant, as_owner: AsOwner) -> None:
    with as_owner(sealed) as owner:
        for setting in ("timezone = 'Pacific/Kiritimati'", "datestyle = 'German, DMY'", "bytea_output = 'escape'"):
            owner.raw.execute(f"set local {setting}")
            assert owner.verify().holds, setting


def test_what_was_brought_in_again_changes_nothing(sealed: Tenant, as_owner: AsOwner) -> None:
    """jsonb in another order, rows in another order, names of the house and of its people that changed."""
    sealed.legal_name = sealed.name = "Hôpital de la Mère et de l’Enfant"
    with scope(sealed.pk):
        sealed.save()
    with as_owner(sealed) as owner:
        for identifier, totals in owner.raw.execute("select id, totals from fiscal_fiscalclosing").fetchall():
            turned = json.dumps(dict(reversed(totals.items())), indent=3)
            owner.run(
                "update fiscal_fiscalclosing set totals = %(turned)s where id = %(id)s", turned=turned, id=identifier
            )
        owner.raw.execute("create temp table kept as select * from fiscal_fiscalclosing")
        owner.run("delete from fiscal_fiscalclosing")
        owner.run("insert into fiscal_fiscalclosing select * from kept order by closing_hash")
        assert owner.verify().holds
