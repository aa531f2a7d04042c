"""Proofs from the stored roots and from the leaves; the closing writes the roots."""

from __future__ import annotations

import pytest

from apps.fiscal import closings, merkle, tree
from apps.fiscal.models import FiscalClosing, FiscalEntry, FiscalTreeBlock
from apps.fiscal.services.close_period import close_period
from apps.fiscal.tests.factories import chain_links
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM

pytestmark = pytest.mark.database

LENGTH = 11


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "BLOCK", 4)
    monkeypatch.setattr(tree, "AT_ONCE", 3)


@pytest.fixture
def closing(tenant: Tenant) -> FiscalClosing:
    chain_links(tenant, LENGTH)
    first = closings.first_day()
    assert first is not None
    return close_period(closing_type="daily", closing_date=first, acteur=SYSTEM).closing


def hashes() -> list[bytes]:
    found = FiscalEntry.objects.order_by("sequence_number").values_list("chain_hash", flat=True)
    return [merkle.leaf_hash(bytes.fromhex(chain_hash)) for chain_hash in found]


def test_a_closing_keeps_the_roots_of_its_full_blocks(closing: FiscalClosing) -> None:
    kept = list(FiscalTreeBlock.objects.values_list("number", "root"))
    assert kept == [(n, merkle.tree_root(hashes()[4 * n : 4 * n + 4]).hex()) for n in (0, 1)]
    assert tree.store_blocks(LENGTH) == 0
    chain_links(closing.tenant, 1)
    assert tree.store_blocks(13) == 1
    assert FiscalTreeBlock.objects.count() == 3


def test_a_tree_is_the_same_with_and_without_stored_roots(closing: FiscalClosing) -> None:
    for size in range(LENGTH + 1):
        whole = merkle.Frontier().extend(hashes()[:size])
        assert tree.grown(0, size) == whole == tree.grown(0, size, stored=False)
    assert tree.grown(4, LENGTH) == merkle.Frontier().extend(hashes()[4:LENGTH])


@pytest.mark.parametrize("blocks", ["kept", "lost", "forged", "holed"])
def test_every_link_has_its_path_whatever_happened_to_the_stored_roots(
    closing: FiscalClosing, blocks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forged roots are found out: what they lead to is not what was signed, and the leaves are read."""
    if blocks != "kept":
        fake = {"lost": lambda first, last: [], "forged": lambda first, last: [bytes(32)] * (last - first)}
        real = tree._blocks
        monkeypatch.setattr(tree, "_blocks", fake.get(blocks, lambda first, last: real(first, last)[:1]))
    for number, leaf in enumerate(hashes()[:LENGTH], start=1):
        chain_hash = FiscalEntry.objects.get(sequence_number=number).chain_hash
        path = tree.inclusion_proof(
            sequence_number=number, size=LENGTH, chain_hash=chain_hash, root=closing.merkle_root
        )
        assert path == [step.hex() for step in merkle.inclusion_path(number - 1, LENGTH, hashes())]
        assert merkle.leaf_hash(bytes.fromhex(chain_hash)) == leaf
    for first in range(LENGTH + 1):
        first_root = merkle.tree_root(hashes()[:first]).hex()
        proof = tree.consistency_proof(
            first=first, first_root=first_root, second=LENGTH, second_root=closing.merkle_root
        )
        assert proof == [step.hex() for step in merkle.consistency_proof(first, LENGTH, hashes())]


def test_no_proof_is_given_for_a_root_that_the_links_do_not_make(closing: FiscalClosing) -> None:
    with pytest.raises(tree.TreeBroken):
        tree.inclusion_proof(sequence_number=1, size=LENGTH, chain_hash="ab" * 32, root=closing.merkle_root)
    with pytest.raises(tree.TreeBroken):
        tree.consistency_proof(first=2, first_root="ab" * 32, second=LENGTH, second_root=closing.merkle_root)


def test_with_stored_roots_few_leaves_are_read(closing: FiscalClosing, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = tree.leaves
    monkeypatch.setattr(tree, "leaves", lambda start, end: read.append(end - start) or real(start, end))
    chain_hash = FiscalEntry.objects.get(sequence_number=1).chain_hash
    tree.inclusion_proof(sequence_number=1, size=LENGTH, chain_hash=chain_hash, root=closing.merkle_root)
    assert sum(read) == 1 + 2 + 0 + 3, "the link's own block, and what follows the last full one"
