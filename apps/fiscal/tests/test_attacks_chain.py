"""Links removed, doubled, swapped, rewritten or brought in by the owner of the database: the verifier says where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from apps.fiscal import crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.keys import derive
from apps.fiscal.services.verify_chain import KEPT_ANOMALIES, verify_chain
from apps.fiscal.tests.attacks import LENGTH, AsOwner, Owner, change_the_key, red_at
from apps.fiscal.tests.factories import chain_links
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.fields import uuid7
from apps.socle.scope import scope

pytestmark = pytest.mark.database

ANOTHER_ID = str(uuid7())
COPY_OF_3 = """
insert into fiscal_fiscalentry select (jsonb_populate_record(e, %(changes)s)).* from fiscal_fiscalentry e
where sequence_number = 3
"""


def test_a_link_removed_from_the_middle(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("delete from fiscal_fiscalentry where sequence_number = 3")
        found = owner.verify()
    assert red_at(found, 4) == "gap"
    assert "il manque le maillon 3" in str(found.first)


def test_the_first_link_removed(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("delete from fiscal_fiscalentry where sequence_number = 1")
        assert red_at(owner.verify(), 2) == "gap"


@pytest.mark.parametrize("kept", [4, 1, 0])
def test_the_tail_cut(hospital: Tenant, as_owner: AsOwner, kept: int) -> None:
    with as_owner(hospital) as owner:
        owner.run(f"delete from fiscal_fiscalentry where sequence_number > {kept}")
        found = owner.verify()
    assert red_at(found, kept + 1) == "tail-cut"
    assert "la tête enregistrée va jusqu’au maillon 5" in str(found.first)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("head_hash = repeat('a', 64)", "head-hash"),
        ("head_hash = null", "head-hash"),
        ("last_fiscal_date = last_fiscal_date - 1", "head-date"),
        ("last_fiscal_date = null", "head-date"),
        ("last_sequence_number = 4", "beyond-head"),
        ("last_sequence_number = 9", "tail-cut"),
        ("last_sequence_number = null", "head-missing"),
        ("tenant_id = null", "head-missing"),
    ],
)
def test_the_head_moved(hospital: Tenant, as_owner: AsOwner, change: str, code: str) -> None:
    with as_owner(hospital) as owner:
        owner.raw.execute("alter table fiscal_fiscalsequence disable row level security")
        assert owner.verify().holds
        owner.run(f"update fiscal_fiscalsequence set {change}")
        found = owner.verify()
    assert found.first is not None
    assert found.first.code == code


def test_the_head_removed(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("delete from fiscal_fiscalsequence")
        found = owner.verify()
    assert found.first is not None
    assert (found.first.code, found.entries) == ("head-missing", LENGTH)


def test_two_links_swapped(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("update fiscal_fiscalentry set sequence_number = 6 - sequence_number where sequence_number in (2, 4)")
        red_at(owner.verify(), 2)


def test_the_contents_of_two_links_swapped(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run(
            "update fiscal_fiscalentry a set data_canonical = b.data_canonical, data_snapshot = b.data_snapshot,"
            " data_hash = b.data_hash from fiscal_fiscalentry b"
            " where (a.sequence_number, b.sequence_number) in ((2, 3), (3, 2))"
        )
        red_at(owner.verify(), 2)


def test_a_number_given_twice(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.raw.execute("alter table fiscal_fiscalentry drop constraint fiscal_fiscalentry_pkey cascade")
        owner.run(COPY_OF_3, changes="{}")
        assert red_at(owner.verify(), 3) == "double"


def test_a_link_added_beyond_the_head(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run(COPY_OF_3, changes=json.dumps({"id": ANOTHER_ID, "sequence_number": 6}))
        red_at(owner.verify(), 6)


def forge(owner: Owner, first: int, change: Callable[[dict[str, Any]], None], sign: Any = None) -> None:
    """Rewrite the links from `first` on with hashes that fit together, and the head with them."""
    rows = owner.raw.execute(
        "select sequence_number, data_snapshot, previous_hash, signature from fiscal_fiscalentry"
        " where sequence_number >= %s order by sequence_number",
        [first],
    ).fetchall()
    previous = rows[0][2]
    for number, content, _previous, signature in rows:
        if number == first:
            change(content)
        canonical = canonical_bytes(content)
        hashed = data_hash(canonical)
        linked = crypto.chain_hash(number, previous, hashed)
        owner.run(
            "update fiscal_fiscalentry set data_snapshot = %(content)s, data_canonical = %(canonical)s,"
            " data_hash = %(hashed)s, previous_hash = %(previous)s, chain_hash = %(linked)s,"
            " signature = %(signature)s where sequence_number = %(number)s",
            content=json.dumps(content),
            canonical=canonical,
            hashed=hashed,
            previous=previous,
            linked=linked,
            number=number,
            signature=crypto.sign(sign, linked) if sign else signature,
        )
        previous = linked
    owner.run("update fiscal_fiscalsequence set head_hash = %(head)s", head=previous)


def cheaper(content: dict[str, Any]) -> None:
    content["fact"]["lines"][0]["amount"] = "500"


def test_a_suffix_rewritten_with_fitting_hashes_lacks_the_signature(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        forge(owner, 3, cheaper)
        assert red_at(owner.verify(), 3) == "signature"


def test_the_last_link_rewritten_with_its_head(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        forge(owner, LENGTH, cheaper)
        assert red_at(owner.verify(), LENGTH) == "signature"


def test_a_suffix_rewritten_and_signed_with_another_key(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        forge(owner, 3, cheaper, sign=crypto.derive_signing_key(bytes(32), hospital.pk, "k1"))
        assert red_at(owner.verify(), 3) == "signature"


def test_forging_with_the_tenants_own_key_is_what_the_secret_protects(hospital: Tenant, as_owner: AsOwner) -> None:
    """The control of the three above: the forger's tool is right, only the key was wrong."""
    with as_owner(hospital) as owner:
        forge(owner, 3, cheaper, sign=derive(hospital.pk, "k1"))
        assert owner.verify().holds


def test_an_algorithm_put_down(hospital: Tenant, as_owner: AsOwner) -> None:
    """Column, envelope and hashes all say the weaker one, and the signature is even the tenant's."""
    with as_owner(hospital) as owner:
        forge(owner, LENGTH, lambda said: said.update(algorithm="rfc8785+md5"), sign=derive(hospital.pk, "k1"))
        owner.run(f"update fiscal_fiscalentry set algorithm = 'rfc8785+md5' where sequence_number = {LENGTH}")
        assert red_at(owner.verify(), LENGTH) == "format"


@pytest.mark.parametrize("version", [2, True, "1", None])
def test_an_unknown_version(hospital: Tenant, as_owner: AsOwner, version: Any) -> None:
    with as_owner(hospital) as owner:
        forge(owner, LENGTH, lambda said: said.update(version=version), sign=derive(hospital.pk, "k1"))
        assert red_at(owner.verify(), LENGTH) == "format"


def test_a_link_of_another_tenant_brought_in(hospital: Tenant, as_owner: AsOwner) -> None:
    other = make_tenant(slug="ailleurs", name="Ailleurs")
    chain_links(other, LENGTH + 1)
    with as_owner(hospital) as owner:
        owner.raw.execute("alter table fiscal_fiscalentry disable row level security")
        owner.run(
            "update fiscal_fiscalentry set tenant_id = %(mine)s where tenant_id = %(theirs)s and sequence_number = 6",
            mine=hospital.pk,
            theirs=other.pk,
        )
        red_at(owner.verify(), LENGTH + 1)


@pytest.mark.parametrize(
    "change",
    [
        "ip_address = '203.0.113.9'",
        "ip_salt = decode(repeat('ab', 32), 'hex')",
        "ip_salt = 'short'",
        "ip_salt = null",
        "ip_address = null",
        "user_agent = 'another'",
        "user_agent_salt = null",
        "ip_address = user_agent, ip_salt = user_agent_salt",
        "entry_id = (select id from fiscal_fiscalentry where sequence_number = 2)",
    ],
)
def test_clear_text_replaced(hospital: Tenant, as_owner: AsOwner, change: str) -> None:
    with as_owner(hospital) as owner:
        victim = "(select id from fiscal_fiscalentry where sequence_number = 3)"
        owner.run(f"update fiscal_fiscalcommitment set {change} where entry_id = {victim}")
        assert red_at(owner.verify(), 2, 3).startswith(("commitment-", "double"))


def test_clear_text_invented_for_a_link_that_committed_to_none(committed_tenant: Tenant, as_owner: AsOwner) -> None:
    (link,) = chain_links(committed_tenant, 1, SYSTEM)
    with as_owner(committed_tenant) as owner:
        owner.run(
            "insert into fiscal_fiscalcommitment (id, tenant_id, entry_id, ip_address, ip_salt)"
            " values (%(id)s, %(tenant)s, %(entry)s, '203.0.113.9', decode(repeat('ab', 32), 'hex'))",
            id=ANOTHER_ID,
            tenant=committed_tenant.pk,
            entry=link.pk,
        )
        assert red_at(owner.verify(), 1) == "commitment-ip_address"


@pytest.mark.parametrize(
    "change", ["public_key = %s", "public_key = %s, algorithm = 'none'", "public_key = %s, key_id = 'k2'"]
)
def test_a_replaced_key(hospital: Tenant, change: str) -> None:
    """Whoever rewrites all can register a key of their own; the mounted secret tells it apart."""
    own = crypto.public_bytes(crypto.derive_signing_key(bytes(32), hospital.pk, "k1"))
    change_the_key(hospital, f"update fiscal_fiscalkey set {change}", own)
    with scope(hospital.pk):
        found = verify_chain()
    assert found.first is not None
    assert (found.first.code, found.first.sequence_number) == ("key-replaced", 0)
    assert "clé publique" in str(found.first)


@pytest.mark.parametrize("change", ["algorithm = 'none'", "key_id = 'k2'"])
def test_a_renamed_key(hospital: Tenant, change: str) -> None:
    change_the_key(hospital, f"update fiscal_fiscalkey set {change}")
    with scope(hospital.pk):
        found = verify_chain()
    assert found.first is not None
    assert found.first.code == "key-replaced"


def test_the_key_removed(hospital: Tenant) -> None:
    change_the_key(hospital, "delete from fiscal_fiscalkey")
    with scope(hospital.pk):
        assert red_at(verify_chain(), 1) == "key"


def test_another_master_secret_says_so_first(hospital: Tenant, settings: LazySettings, tmp_path: Path) -> None:
    settings.MASTER_SECRET_FILE = other = tmp_path / "master"
    other.write_text("11" * 32)
    with scope(hospital.pk):
        found = verify_chain()
    assert found.first is not None
    assert found.first.code == "key-replaced"


def test_a_chain_broken_everywhere_keeps_few_anomalies_and_counts_all(
    committed_tenant: Tenant, as_owner: AsOwner
) -> None:
    count = KEPT_ANOMALIES + 20
    chain_links(committed_tenant, count)
    with as_owner(committed_tenant) as owner:
        owner.run("update fiscal_fiscalentry set metadata = '{\"x\": 1}'")
        found = owner.verify()
    assert (len(found.anomalies), found.anomalies_found, found.entries) == (KEPT_ANOMALIES, count, count)


def test_a_later_fault_is_found_behind_an_earlier_one(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.run("update fiscal_fiscalentry set entity_number = 'X' where sequence_number in (2, 4)")
        assert [anomaly.sequence_number for anomaly in owner.verify().anomalies] == [2, 4]
