"""What shows outside the database only: an older copy put back, a tail cut with its head, heads that were tampered with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import LazySettings

from apps.fiscal import anchor_comparison, closings, places, stored_links, tasks
from apps.fiscal import anchor_file as files
from apps.fiscal.anchor_comparison import Comparison, compare_with_anchors
from apps.fiscal.anchor_line import SIGNED, signed_line
from apps.fiscal.models import FiscalAnchor, FiscalClosing
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.check_chain import check_chain, record_check, with_anchors
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.deliver_anchor import deliver_anchor
from apps.fiscal.tests.attacks import LENGTH, AsOwner, Owner
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


def anchor(tenant: Tenant) -> FiscalAnchor:
    with scope(tenant.pk):
        (made, *_others) = anchor_head(acteur=SYSTEM, hand_over=False)
    deliver_anchor(tenant_id=tenant.pk, anchor_id=made.pk)
    return made


def compare(tenant: Tenant) -> Comparison:
    with scope(tenant.pk):
        return compare_with_anchors(tenant.pk)


def codes(tenant: Tenant) -> list[tuple[str, int]]:
    return [(found.code, found.sequence_number) for found in compare(tenant).anomalies]


def anchored_twice(tenant: Tenant) -> Tenant:
    """Anchor the head at link LENGTH, and two links further."""
    anchor(tenant)
    chain_links(tenant, 2, CASHIER)
    anchor(tenant)
    return tenant


@pytest.fixture
def anchored(tenant: Tenant) -> Tenant:
    """A hospital whose head was anchored twice, in the test's own transaction."""
    chain_links(tenant, LENGTH, CASHIER)
    return anchored_twice(tenant)


@pytest.fixture
def committed(hospital: Tenant) -> Tenant:
    """The same, committed, for the owner's hands."""
    return anchored_twice(hospital)


# The chain -----------------------------------------------------------------------------------------


def test_a_chain_that_goes_on_holds_its_anchors(anchored: Tenant) -> None:
    assert codes(anchored) == []
    chain_links(anchored, 1)
    with scope(anchored.pk):
        check = check_chain(acteur=SYSTEM)
    assert (check.status, check.report) == ("passed", [])


def cut(owner: Owner, last: int) -> None:
    """Take the chain back to `last` with its registered head and its own anchors, as an older copy would."""
    owner.run("delete from fiscal_fiscalentry where sequence_number > %(last)s", last=last)
    owner.run(
        "update fiscal_fiscalsequence set last_sequence_number = %(last)s, (head_hash, last_fiscal_date) ="
        " (select chain_hash, fiscal_date from fiscal_fiscalentry where sequence_number = %(last)s)",
        last=last,
    )


@pytest.fixture
def no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The anchors that the database knows went back with it."""
    monkeypatch.setattr(anchor_comparison._Registered, "read", lambda *_values: anchor_comparison._Registered())


def test_an_older_copy_of_the_database_is_seen(committed: Tenant, as_owner: AsOwner, no_rows: None) -> None:
    with as_owner(committed) as owner:
        cut(owner, LENGTH)
        assert owner.verify().holds, "inside, nothing shows"
        (found,) = compare(committed).anomalies
        assert (found.code, found.sequence_number) == ("older-than-anchor", LENGTH + 1)
        assert f"cette copie de la base est plus ancienne que la tête ancrée, au maillon {LENGTH + 2}" in str(found)
        assert "ancres.jsonl, ligne 2" in str(found)
        with scope(committed.pk):
            verification = with_anchors(owner.verify())
    assert (verification.holds, verification.first) == (False, found)
    with scope(committed.pk):
        check = record_check(verification=verification, acteur=SYSTEM)
    assert check.status == "failed"


def test_a_tail_cut_with_its_head_is_seen_by_what_the_database_kept(committed: Tenant, as_owner: AsOwner) -> None:
    with as_owner(committed) as owner:
        cut(owner, LENGTH + 1)
        assert codes(committed) == [("older-than-anchor", LENGTH + 2)]


def test_a_suffix_made_again_with_good_hashes_is_seen(
    anchored: Tenant, monkeypatch: pytest.MonkeyPatch, no_rows: None
) -> None:
    """Whoever holds the secret too can make links anew: the hash at the anchored place is another."""
    read = stored_links.read_chain_hashes
    monkeypatch.setattr(anchor_comparison, "read_chain_hashes", lambda *values: read(*values) | {LENGTH + 2: "f" * 64})
    (found,) = compare(anchored).anomalies
    assert (found.code, found.sequence_number) == ("anchor-differs", LENGTH + 2)
    assert "n’est pas celle qui a été ancrée (ancres.jsonl, ligne 2)" in str(found)


def test_each_house_is_compared_with_its_own_heads(anchored: Tenant) -> None:
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    chain_links(other, 1)
    anchor(other)
    assert codes(other) == codes(anchored) == []


# The file ------------------------------------------------------------------------------------------


def rewrite(path: Path, *lines: bytes) -> None:
    path.write_bytes(b"".join(lines))


def test_a_head_removed_from_the_file_is_missed(anchored: Tenant, anchor_file: Path) -> None:
    one, _two = anchor_file.read_bytes().splitlines(keepends=True)
    rewrite(anchor_file, one)
    assert codes(anchored) == [("anchor-lost", 0)]
    anchor_file.unlink()
    (found,) = compare(anchored).anomalies
    assert "2 têtes écrites ne se trouvent plus (fichier d’ancrage), la première au maillon 5" in str(found)


def test_a_line_changed_in_the_file_is_seen(anchored: Tenant, anchor_file: Path) -> None:
    one, two = anchor_file.read_bytes().splitlines(keepends=True)
    rewrite(anchor_file, one.replace(b'"sequence_number":5', b'"sequence_number":4'), two)
    assert codes(anchored) == [("anchor-signature", 0), ("anchor-file", 0)]


def forged(tenant: Tenant, number: int, key: Ed25519PrivateKey) -> str:
    content: dict[str, Any] = dict.fromkeys(SIGNED) | {"version": 1, "tenant_id": str(tenant.pk), "key_id": "k1"}
    return signed_line(content | {"sequence_number": number, "chain_hash": "a" * 64}, key)


def test_a_head_that_the_house_did_not_sign_is_no_head(anchored: Tenant, anchor_file: Path) -> None:
    files.append(anchor_file, forged(anchored, 99, Ed25519PrivateKey.generate()))
    assert codes(anchored) == [("anchor-signature", 0)], "and no word of link 99"


def test_a_file_that_cannot_be_read_is_no_good_news(anchored: Tenant, anchor_file: Path) -> None:
    anchor_file.unlink()
    anchor_file.mkdir()
    assert codes(anchored) == [("anchor-file", 0)]


def test_a_renamed_file_proves_what_was_written_and_asks_nothing_of_the_chain(
    anchored: Tenant, anchor_file: Path
) -> None:
    """After a disaster the operator sets the old heads aside by hand; a new file begins."""
    anchor_file.rename(anchor_file.with_name("ancres-2026-11-20.jsonl"))
    assert codes(anchored) == []
    anchor(anchored)
    assert [line.number for line in files.lines(anchor_file)] == [1]
    assert codes(anchored) == []
    anchor_file.with_name("ancres-2026-11-20.jsonl").unlink()
    assert codes(anchored) == [("anchor-lost", 0)]


# The database's own rows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    ["chain_hash = repeat('a', 64)", "sequence_number = 1", "line = replace(line, 'sainte', 'saint')", "line = '{}'"],
)
def test_an_anchor_replaced_in_the_database_is_seen(committed: Tenant, change: str) -> None:
    assert codes(committed) == [], "the control"
    with owner_changes(committed) as raw:
        raw.execute(f"update fiscal_fiscalanchor set {change} where sequence_number = {LENGTH}")
    ((code, _number),) = codes(committed)
    assert code == "anchor-row"


@contextmanager
def owner_changes(tenant: Tenant) -> Iterator[psycopg.Connection]:
    """The owner's hands on the anchors of one tenant; the protections are put back afterwards."""
    with connect_as("owner", autocommit=False) as raw:
        raw.execute("select set_config('cauris.tenant', %s, true)", [str(tenant.pk)])
        raw.execute("alter table fiscal_fiscalanchor disable trigger user")
        yield raw
        for trigger in ("cauris_guard", "cauris_no_truncate", "cauris_initial"):
            raw.execute(f"alter table fiscal_fiscalanchor enable always trigger {trigger}")


@pytest.fixture
def sealed(tenant: Tenant) -> FiscalClosing:
    """A closing whose head is anchored, with a link behind it."""
    first = closings.first_day()
    assert first is not None
    closing = close_period(closing_type="daily", closing_date=first, acteur=SYSTEM).closing
    chain_links(tenant, 1)
    assert tasks.deliver_pending_anchors() == 1
    return closing


def test_a_closing_that_was_anchored_and_dropped_is_missed(
    tenant: Tenant, sealed: FiscalClosing, monkeypatch: pytest.MonkeyPatch, no_rows: None
) -> None:
    assert codes(tenant) == [], "the control"
    monkeypatch.setattr(anchor_comparison, "read_closing_hashes", lambda *_values: set())
    (found,) = compare(tenant).anomalies
    assert (found.code, found.sequence_number) == ("anchor-closing", 1)
    assert sealed.closing_hash[:16] in str(found)


# The bucket ----------------------------------------------------------------------------------------


@pytest.fixture
def listing(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    settings.ANCHOR_S3_BUCKET = "ancres-odile"
    client = boto3.client("s3", region_name="eu-west-3", aws_access_key_id="k", aws_secret_access_key="s")
    monkeypatch.setattr(places, "bucket_client", lambda: client)
    with Stubber(client) as stub:
        yield stub


def answer(stub: Stubber, tenant: Tenant, *names: str) -> None:
    folder = places.object_folder(tenant.pk)
    stub.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": f"{folder}{name}"} for name in names], "IsTruncated": False},
        {"Bucket": "ancres-odile", "Prefix": folder},
    )


def test_the_bucket_knows_a_later_head(anchored: Tenant, listing: Stubber) -> None:
    answer(listing, anchored, f"{9:012d}-{'a' * 64}-20261120T000000000000.json")
    (found,) = compare(anchored).anomalies
    assert (found.code, found.sequence_number) == ("older-than-anchor", LENGTH + 3)
    answer(listing, anchored, f"{2:012d}-{'a' * 64}-20261120T000000000000.json", "LISEZMOI")
    assert codes(anchored) == [("anchor-differs", 2)]


def test_a_head_that_is_gone_from_the_bucket_is_missed(
    anchored: Tenant, listing: Stubber, settings: LazySettings
) -> None:
    with scope(anchored.pk):
        _file, row = anchor_head(acteur=SYSTEM, hand_over=False)
    listing.add_response("put_object", {"VersionId": "v1"})
    listing.add_response("head_object", {"ObjectLockMode": "COMPLIANCE"})
    deliver_anchor(tenant_id=anchored.pk, anchor_id=row.pk)
    answer(listing, anchored, places.object_name(row).rpartition("/")[2])
    assert codes(anchored) == []
    settings.ANCHOR_S3_PREFIX = "ancres-2027"
    answer(listing, anchored)
    assert codes(anchored) == [], "another folder begins"
    settings.ANCHOR_S3_PREFIX = "ancres"
    answer(listing, anchored)
    (found,) = compare(anchored).anomalies
    assert "1 tête écrite ne se trouve plus (stockage verrouillé)" in str(found)


def test_a_bucket_that_is_silent_is_said_and_breaks_nothing(anchored: Tenant, listing: Stubber) -> None:
    listing.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    with scope(anchored.pk):
        check = check_chain(acteur=SYSTEM)
    assert (check.status, check.anomalies_found, check.holds) == ("warning", 0, True)
    assert [said["code"] for said in check.report] == ["anchor-unreachable"]
