"""The bytes of closings, of the tree, of anchors and proofs do not move: fixed vectors, two implementations, the page."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fiscal import anchor_line, crypto, merkle
from apps.fiscal.archive import verify
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.closing_bytes import closing_content
from apps.fiscal.models import FiscalClosing
from apps.fiscal.tests import second_implementation as second
from apps.fiscal.tests.test_vectors import ENTRIES, FORMAT_PAGE, VECTORS
from apps.fiscal.totals import Totals

CLOSINGS: list[dict[str, Any]] = VECTORS["closings"]
TREE: dict[str, Any] = VECTORS["merkle"]
TENANT = UUID(VECTORS["tenant_id"])
KEY = crypto.derive_signing_key(bytes.fromhex(VECTORS["master_secret"]), TENANT, VECTORS["key_id"])
SEED = second.signing_seed(bytes.fromhex(VECTORS["master_secret"]), VECTORS["tenant_id"], VECTORS["key_id"])


def closing_of(content: dict[str, Any]) -> FiscalClosing:
    """Build the closing whose JSON is given."""
    values = {key: value for key, value in content.items() if key not in {"version", "tenant_name"}}
    for name in ("id", "tenant_id", "actor_id"):
        values[name] = UUID(values[name]) if values[name] else None
    for name in ("closing_date", "period_start"):
        values[name] = date.fromisoformat(values[name])
    for name in ("opening_balance", "closing_balance"):
        values[name] = Decimal(values[name])
    values["closed_at"] = values["created_at"] = datetime.fromisoformat(values["closed_at"])
    return FiscalClosing(**values)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_builder_makes_the_fixed_bytes(closing: dict[str, Any]) -> None:
    content = closing_content(closing_of(closing["content"]), closing["content"]["tenant_name"])
    assert content == closing["content"]
    raw = canonical_bytes(content)
    assert (raw.decode(), len(raw), data_hash(raw)) == (
        closing["canonical"],
        closing["canonical_length"],
        closing["data_hash"],
    )


def test_closings_make_the_fixed_hashes_and_signatures() -> None:
    previous = crypto.closing_genesis_hash(TENANT)
    assert previous == VECTORS["closing_genesis_hash"]
    for closing in CLOSINGS:
        assert closing["previous_closing_hash"] == closing["content"]["previous_closing_hash"] == previous
        previous = crypto.closing_hash(previous, closing["data_hash"])
        assert (previous, crypto.sign(KEY, previous).hex()) == (closing["closing_hash"], closing["signature"])


def test_what_the_closings_say_is_what_the_links_came_to() -> None:
    """The vectors agree with themselves: ranges, heads, trees, totals."""
    first, following = (closing["content"] for closing in CLOSINGS)
    assert (first["first_sequence"], first["last_sequence"], following["first_sequence"]) == (1, 2, 3)
    for closing in (first, following):
        last = closing["last_sequence"]
        assert closing["head_hash"] == ENTRIES[last - 1]["chain_hash"]
        assert closing["merkle_root"] == TREE["roots"][last]
        assert merkle.Frontier.from_hex(last, closing["merkle_frontier"]).root().hex() == TREE["roots"][last]
        assert ENTRIES[last - 1]["envelope"]["fiscal_date"] == closing["closing_date"]
    perpetual = Totals(first["totals"])
    perpetual.add(Totals(following["totals"]))
    assert Totals(following["perpetual_totals"]) == perpetual == Totals(first["perpetual_totals"])


def test_a_second_implementation_finds_the_same_bytes() -> None:
    public, previous = second.public_key(SEED), second.closing_genesis(VECTORS["tenant_id"])
    for closing in CLOSINGS:
        assert second.canonical(closing["content"]) == closing["canonical"]
        data = second.sha256(closing["canonical"].encode())
        previous = second.closing(previous, data)
        assert (data.hex(), previous.hex()) == (closing["data_hash"], closing["closing_hash"])
        assert second.signature(SEED, previous).hex() == closing["signature"]
        assert second.signature_holds(public, previous, bytes.fromhex(closing["signature"]))


def test_the_tree_in_both_implementations() -> None:
    leaves = [second.leaf(bytes.fromhex(entry["chain_hash"])) for entry in ENTRIES]
    assert [leaf.hex() for leaf in leaves] == TREE["leaves"]
    assert [second.root(leaves[:size]).hex() for size in range(4)] == TREE["roots"]
    assert [merkle.tree_root(leaves[:size]).hex() for size in range(4)] == TREE["roots"]
    for proof in TREE["inclusion"]:
        index = proof["link"] - 1
        assert [step.hex() for step in second.path(index, leaves)] == proof["path"]
        assert [step.hex() for step in merkle.inclusion_path(index, 3, leaves)] == proof["path"]
    expected = TREE["consistency"]["proof"]
    assert [step.hex() for step in second.consistency(2, leaves)] == expected
    assert [step.hex() for step in merkle.consistency_proof(2, 3, leaves)] == expected


@given(st.integers(1, 70), st.data())
def test_both_implementations_and_the_verifier_agree_on_any_tree(size: int, data: st.DataObject) -> None:
    hashes = [second.sha256(str(number).encode()) for number in range(size)]
    leaves = [second.leaf(chain_hash) for chain_hash in hashes]
    grown = merkle.Frontier().extend(leaves)
    assert (grown.roots, grown.root()) == (second.frontier(leaves), second.root(leaves))
    tree = verify.Frontier(0, [])
    for chain_hash in hashes:
        tree.append(chain_hash)
    assert (tree.roots, tree.root()) == (grown.roots, grown.root())
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path, proof = second.path(index, leaves), second.consistency(first, leaves)
    assert path == merkle.inclusion_path(index, size, leaves)
    assert proof == merkle.consistency_proof(first, size, leaves)
    assert verify.included(index, size, hashes[index], path, grown.root())
    assert not verify.included(index, size, second.sha256(b"another"), path, grown.root())
    assert verify.consistent(first, size, second.root(leaves[:first]), grown.root(), proof)
    assert not verify.consistent(first, size, second.sha256(b"another"), grown.root(), proof)


def test_the_head_in_an_anchor_file() -> None:
    line = VECTORS["anchor"]["line"]
    written = anchor_line.in_file(anchor_line.signed_line(VECTORS["anchor"]["content"], KEY), anchor_line.FIRST_LINE)
    assert (written.decode(), anchor_line.line_hash(written)) == (line, VECTORS["anchor"]["line_hash"])
    said = json.loads(line)
    assert second.canonical(said) == line
    assert second.sha256(line.encode()).hex() == VECTORS["anchor"]["line_hash"]
    assert second.signature(SEED, second.anchor_digest(said)).hex() == said["signature"]


def proof(number: int) -> dict[str, Any]:
    """The proof file of a link of the vectors."""
    entry, closing = ENTRIES[number - 1], CLOSINGS[1]
    link = {"sequence_number": number, "data_canonical": entry["canonical"]}
    link |= {name: entry[name] for name in ("data_hash", "previous_hash", "chain_hash", "signature")}
    sealed = {name: closing[name] for name in ("data_hash", "previous_closing_hash", "closing_hash", "signature")}
    named = {"key_id": VECTORS["key_id"], "algorithm": crypto.ALGORITHM}
    return {
        "type": "cauris/inclusion-proof/v1",
        "tenant_id": VECTORS["tenant_id"],
        "tenant": entry["envelope"]["tenant_name"],
        "link": link | named,
        "closing": sealed | named | {"data_canonical": closing["canonical"]},
        "path": TREE["inclusion"][number - 1]["path"],
        "keys": [named | {"public_key": VECTORS["public_key"]}],
    }


def test_verify_py_accepts_the_vectors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Link 3 is covered by the second closing; links 1 and 2 are in its tree, but not in its range."""
    for number, status in ((3, 0), (1, 1), (2, 1)):
        path = tmp_path / "preuve.json"
        path.write_text(json.dumps(proof(number)))
        assert verify.main([str(path), "--empreinte", VECTORS["fingerprint"]]) == status, capsys.readouterr().out


def test_the_format_page_shows_these_vectors() -> None:
    page = FORMAT_PAGE.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)).splitlines()
    assert f"closing_genesis {VECTORS['closing_genesis_hash']}" in blocks
    for closing in CLOSINGS:
        assert closing["canonical"] in blocks
        assert f"{closing['canonical_length']} bytes" in page
        for name, key in (("data_hash",) * 2, ("previous", "previous_closing_hash"), ("closing_hash",) * 2, ("signature",) * 2):  # fmt: skip
            assert f"{name:<14}{closing[key]}" in blocks
    for number, leaf in enumerate(TREE["leaves"]):
        assert f"leaf {number}        {leaf}" in blocks
    for size, root in enumerate(TREE["roots"]):
        assert f"root of {size}     {root}" in blocks
    for case in TREE["inclusion"]:
        for rank, step in enumerate(case["path"], start=1):
            assert f"path of {case['link']}, {rank}  {step}" in blocks
    assert f"from 2 to 3   {TREE['consistency']['proof'][0]}" in blocks
    assert VECTORS["anchor"]["line"] in blocks
    assert f"line_hash     {VECTORS['anchor']['line_hash']}" in blocks


def test_the_format_page_names_every_key_of_a_closing() -> None:
    page = FORMAT_PAGE.read_text(encoding="utf-8")
    section = page[page.index("## Closings") : page.index("## The Merkle tree")]
    assert [key for key in CLOSINGS[0]["content"] if f"`{key}`" not in section] == []
