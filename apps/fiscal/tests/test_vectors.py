"""The bytes of the chain do not move: fixed vectors, checked by two implementations."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fiscal import crypto
from apps.fiscal.canonical import (
    CanonicalError,
    Envelope,
    amount_text,
    canonical_bytes,
    check,
    data_hash,
    timestamp_text,
)
from apps.fiscal.tests import second_implementation as second

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text(encoding="utf-8"))
ENTRIES: list[dict[str, Any]] = VECTORS["entries"]
FORMAT_PAGE = Path(__file__).resolve().parents[3] / "docs" / "fiscal-format.md"


def envelope_of(content: dict[str, Any], **changes: Any) -> Envelope:
    """Build the envelope whose JSON is given."""
    values = {key: value for key, value in content.items() if key != "version"} | changes
    for name in ("id", "tenant_id", "entity_id", "actor_id", "fact_id"):
        values[name] = UUID(values[name]) if values[name] else None
    for name in ("fiscal_date", "document_date"):
        values[name] = date.fromisoformat(values[name])
    values["created_at"] = datetime.fromisoformat(values["created_at"])
    return Envelope(**values)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_builder_makes_the_fixed_bytes(entry: dict[str, Any]) -> None:
    content = envelope_of(entry["envelope"]).as_json()
    assert content == entry["envelope"]
    canonical = canonical_bytes(content)
    assert canonical.decode() == entry["canonical"]
    assert len(canonical) == entry["canonical_length"]
    assert data_hash(canonical) == entry["data_hash"]


def test_the_chain_makes_the_fixed_hashes_and_signatures() -> None:
    master, tenant = bytes.fromhex(VECTORS["master_secret"]), UUID(VECTORS["tenant_id"])
    key = crypto.derive_signing_key(master, tenant, VECTORS["key_id"])
    assert key.private_bytes_raw().hex() == VECTORS["signing_seed"]
    assert crypto.public_bytes(key).hex() == VECTORS["public_key"]
    assert crypto.fingerprint(crypto.public_bytes(key)) == VECTORS["fingerprint"]
    previous = crypto.genesis_hash(tenant)
    assert previous == VECTORS["genesis_hash"]
    for number, entry in enumerate(ENTRIES, start=1):
        assert entry["previous_hash"] == previous
        previous = crypto.chain_hash(number, previous, entry["data_hash"])
        assert previous == entry["chain_hash"]
        assert crypto.sign(key, previous).hex() == entry["signature"]


def test_a_second_implementation_finds_the_same_bytes() -> None:
    seed = second.signing_seed(bytes.fromhex(VECTORS["master_secret"]), VECTORS["tenant_id"], VECTORS["key_id"])
    public = second.public_key(seed)
    assert (seed.hex(), public.hex()) == (VECTORS["signing_seed"], VECTORS["public_key"])
    previous = second.genesis(VECTORS["tenant_id"])
    assert previous.hex() == VECTORS["genesis_hash"]
    for number, entry in enumerate(ENTRIES, start=1):
        canonical = second.canonical(entry["envelope"])
        assert canonical == entry["canonical"]
        data = second.sha256(canonical.encode())
        previous = second.link(number, previous, data)
        assert (data.hex(), previous.hex()) == (entry["data_hash"], entry["chain_hash"])
        assert second.signature(seed, previous).hex() == entry["signature"]
        assert second.signature_holds(public, previous, bytes.fromhex(entry["signature"]))
        assert not second.signature_holds(public, second.sha256(previous), bytes.fromhex(entry["signature"]))


@pytest.mark.parametrize("case", VECTORS["commitments"])
def test_commitments(case: dict[str, str]) -> None:
    salt = bytes.fromhex(case["salt"])
    assert crypto.commitment(case["name"], salt, case["text"]) == case["commitment"]
    assert second.committed(case["name"], salt, case["text"]).hex() == case["commitment"]


def test_the_format_page_shows_these_vectors() -> None:
    page = FORMAT_PAGE.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)).splitlines()
    for entry in ENTRIES:
        assert entry["canonical"] in blocks
        for name in ("data_hash", "previous_hash", "chain_hash", "signature"):
            assert f"{name:<14}{entry[name]}" in blocks
    for name in ("master_secret", "tenant_id", "key_id", "signing_seed", "public_key", "fingerprint", "genesis_hash"):
        assert f"{name:<14}{VECTORS[name]}" in blocks
    for case in VECTORS["commitments"]:
        assert f"{case['name']:<14}{case['text']}" in blocks
        assert f"{'salt':<14}{case['salt']}" in blocks
        assert f"{'commitment':<14}{case['commitment']}" in blocks


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"document": {"lines": [{"amount": 1.5}]}}, r"document\.lines\[0\]\.amount: float"),
        ({"total": Decimal("5000")}, "total: Decimal"),
        ({"day": date(2026, 11, 20)}, "day: date"),
        ({"id": UUID(int=1)}, "id: UUID"),
        ({"raw": b"x"}, "raw: bytes"),
        ({"big": 2**53}, r"big: 9007199254740992 is not below 2\^53"),
        ({"low": -(2**53)}, "low: -9007199254740992"),
        ({1: "x"}, "envelope: the key 1 is no string"),
        ({"text": "a\x00b"}, "text: jsonb keeps no NUL"),
        ({"text": "\ud83d"}, "text: half of a surrogate"),
        ({"a\x00": "x"}, "jsonb keeps no NUL"),
        ({"seen": {1, 2}}, "seen: set"),
    ],
)
def test_what_has_no_single_spelling_is_refused(value: Any, path: str) -> None:
    with pytest.raises(CanonicalError, match=path):
        check(value)


def test_a_refusal_in_the_document_stops_the_envelope() -> None:
    envelope = envelope_of(ENTRIES[0]["envelope"], document={"total": Decimal("5000")})
    with pytest.raises(CanonicalError, match=r"document\.total: Decimal"):
        envelope.as_json()


def test_the_largest_integers_are_kept() -> None:
    content = {"high": 2**53 - 1, "low": 1 - 2**53}
    check(content)
    assert canonical_bytes(content) == b'{"high":9007199254740991,"low":-9007199254740991}'


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_both_implementations_agree_on_any_document(value: Any) -> None:
    check(value)
    assert canonical_bytes({"document": value}) == second.canonical({"document": value}).encode()
    assert json.loads(canonical_bytes({"document": value})) == {"document": value}


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("11500", "11500"),
        ("11500.0000", "11500"),
        ("1.15E+4", "11500"),
        ("0.50", "0.5"),
        ("-12.2500", "-12.25"),
        ("-0.00", "0"),
        ("0", "0"),
        ("100", "100"),
    ],
)
def test_an_amount_has_one_spelling(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount)) == text


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(CanonicalError):
        amount_text(Decimal(amount))


def test_a_moment_has_one_spelling_whatever_its_zone() -> None:
    moment = datetime(2026, 11, 20, 8, 42, 11, tzinfo=UTC)
    assert timestamp_text(moment) == "2026-11-20T08:42:11.000000Z"
    assert timestamp_text(moment.astimezone(timezone(timedelta(hours=1)))) == "2026-11-20T08:42:11.000000Z"
    with pytest.raises(CanonicalError):
        timestamp_text(moment.replace(tzinfo=None))


def test_tenant_and_key_id_both_change_the_signing_key() -> None:
    master = bytes.fromhex(VECTORS["master_secret"])
    keys = {
        crypto.public_bytes(crypto.derive_signing_key(master, UUID(int=tenant), key_id))
        for tenant in (1, 2)
        for key_id in ("k1", "k2")
    } | {crypto.public_bytes(crypto.derive_signing_key(bytes(32), UUID(int=1), "k1"))}
    assert len(keys) == 5


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError):
        crypto.chain_hash(1, "ab" * 31, "ab" * 32)
    with pytest.raises(ValueError):
        crypto.commitment("ip_address", b"short", "10.0.0.1")


def test_a_malformed_signature_does_not_hold() -> None:
    key = crypto.derive_signing_key(bytes(32), UUID(int=1), "k1")
    assert crypto.signature_holds(key.public_key(), "ab" * 32, crypto.sign(key, "ab" * 32))
    assert not crypto.signature_holds(key.public_key(), "ab" * 32, b"short")
    assert not crypto.signature_holds(key.public_key(), "not hexadecimal", crypto.sign(key, "ab" * 32))


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33])
def test_a_master_secret_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "master"
    file.write_text(text)
    with pytest.raises(crypto.MasterSecretError, match=str(file)):
        crypto.load_master_secret(file)


def test_the_master_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "master").write_text(VECTORS["master_secret"] + "\n")
    assert crypto.load_master_secret(tmp_path / "master").hex() == VECTORS["master_secret"]
    with pytest.raises(crypto.MasterSecretError):
        crypto.load_master_secret(tmp_path / "absent")
