"""The Merkle tree: against the vectors published with RFC 6962, against its recursive definition, and against forgers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fiscal import merkle
from apps.fiscal.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    consistency_proof,
    inclusion_path,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The reference tree of Certificate Transparency (google/certificate-transparency, merkle_tree_test).
INPUTS = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]


def recursive(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + recursive(leaves[:k]) + recursive(leaves[k:])).digest()


def many(size: int) -> list[bytes]:
    return [leaf_hash(hashlib.sha256(str(number).encode()).digest()) for number in range(size)]


def test_the_published_roots():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree_root([]) == EMPTY_ROOT
    assert [tree_root(LEAVES[: size + 1]).hex() for size in range(8)] == list(ROOTS)


@pytest.mark.parametrize(("place", "expected"), PATHS.items())
def test_the_published_inclusion_paths(place, expected):
    index, size = place
    path = inclusion_path(index, size, LEAVES)
    assert [node.hex() for node in path] == list(expected)
    assert verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("sizes", "expected"), CONSISTENCY.items())
def test_the_published_consistency_proofs(sizes, expected):
    first, second = sizes
    proof = consistency_proof(first, second, LEAVES)
    assert [node.hex() for node in proof] == list(expected)
    assert verify_consistency(
        first=first,
        second=second,
        first_root=bytes.fromhex(ROOTS[first - 1]),
        second_root=bytes.fromhex(ROOTS[second - 1]),
        proof=proof,
    )


@given(st.integers(0, 200), st.data())
def test_a_frontier_grown_in_any_split_equals_the_whole(size, data):
    leaves = many(size)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=5)))
    frontier = Frontier()
    for start, end in zip([0, *cuts], [*cuts, size], strict=True):
        frontier = Frontier.from_hex(frontier.size, frontier.as_hex()).extend(leaves[start:end])
    assert frontier == Frontier().extend(leaves)
    assert frontier.size == size
    assert len(frontier.roots) == size.bit_count()
    assert frontier.root() == recursive(leaves)


@given(st.integers(0, 6), st.integers(0, 40), st.integers(0, 70))
def test_perfect_subtrees_are_appended_at_once(level, blocks, rest):
    width = 1 << level
    leaves = many(blocks * width + rest)
    frontier = Frontier()
    for block in range(blocks):
        frontier.append_perfect(tree_root(leaves[block * width : (block + 1) * width]), width)
    frontier.extend(leaves[blocks * width :])
    assert frontier == Frontier().extend(leaves)


@pytest.mark.parametrize("width", [0, 2, 3, -1])
def test_a_subtree_that_does_not_fit_is_refused(width):
    with pytest.raises(ProofInvalid):
        Frontier().extend(many(3)).append_perfect(EMPTY_ROOT, width)


@given(st.integers(1, 130), st.data())
def test_each_leaf_has_its_path_and_no_other_leaf_takes_it(size, data):
    leaves = many(size)
    root = recursive(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, leaves)
    proof = {"index": index, "size": size, "leaf": leaves[index], "path": path, "root": root}
    assert verify_inclusion(**proof)
    other = data.draw(st.integers(0, size))
    if other != index:
        assert not verify_inclusion(**(proof | {"index": other}))
    assert not verify_inclusion(**(proof | {"path": [*path, root]}))
    if path:
        assert not verify_inclusion(**(proof | {"path": path[:-1]}))
        assert not verify_inclusion(**(proof | {"path": path[1:]}))


def flipped(value: bytes, bit: int) -> bytes:
    number = int.from_bytes(value, "big") ^ (1 << (bit % 256))
    return number.to_bytes(len(value), "big")


@given(st.integers(1, 70), st.integers(0, 255), st.data())
def test_a_changed_bit_fails_inclusion(size, bit, data):
    leaves = many(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, leaves)
    proof = {"index": index, "size": size, "leaf": leaves[index], "path": path, "root": recursive(leaves)}
    place = data.draw(st.integers(-2, len(path) - 1))
    if place == -2:
        proof["leaf"] = flipped(leaves[index], bit)
    elif place == -1:
        proof["root"] = flipped(proof["root"], bit)
    else:
        proof["path"] = [flipped(node, bit) if at == place else node for at, node in enumerate(path)]
    assert not verify_inclusion(**proof)


def consistency(first: int, second: int, leaves: list[bytes]) -> dict:
    return {
        "first": first,
        "second": second,
        "first_root": recursive(leaves[:first]),
        "second_root": recursive(leaves[:second]),
        "proof": consistency_proof(first, second, leaves),
    }


@given(st.integers(0, 130), st.data())
def test_each_beginning_is_consistent(second, data):
    leaves = many(second)
    first = data.draw(st.integers(0, second))
    statement = consistency(first, second, leaves)
    assert verify_consistency(**statement)
    proof = statement["proof"]
    assert not verify_consistency(**(statement | {"proof": [*proof, EMPTY_ROOT]}))
    if proof:
        assert not verify_consistency(**(statement | {"proof": proof[:-1]}))
        assert not verify_consistency(**(statement | {"proof": proof[1:]}))


@given(st.integers(1, 70), st.integers(0, 255), st.data())
def test_a_changed_bit_fails_consistency(second, bit, data):
    first = data.draw(st.integers(1, second))
    statement = consistency(first, second, many(second))
    place = data.draw(st.integers(-2, len(statement["proof"]) - 1))
    if place == -2:
        statement["first_root"] = flipped(statement["first_root"], bit)
    elif place == -1:
        statement["second_root"] = flipped(statement["second_root"], bit)
    else:
        statement["proof"][place] = flipped(statement["proof"][place], bit)
    assert not verify_consistency(**statement)


@given(st.integers(2, 70), st.data())
def test_a_history_written_anew_is_not_consistent(second, data):
    leaves = many(second)
    first = data.draw(st.integers(1, second - 1))
    changed = data.draw(st.integers(0, first - 1))
    other = list(leaves)
    other[changed] = leaf_hash(b"rewritten")
    forged = consistency(first, second, other) | {"first_root": recursive(leaves[:first])}
    assert not verify_consistency(**forged)


def test_a_node_is_no_leaf():
    inner = merkle.node_hash(LEAVES[0], LEAVES[1])
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != inner


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_path(index, size):
    with pytest.raises(ProofInvalid):
        inclusion_path(index, size, many(3))
    assert not verify_inclusion(index=index, size=size, leaf=EMPTY_ROOT, path=[], root=EMPTY_ROOT)


@pytest.mark.parametrize(("first", "second"), [(-1, 3), (4, 3)])
def test_sizes_that_are_no_beginning_have_no_proof(first, second):
    with pytest.raises(ProofInvalid):
        consistency_proof(first, second, many(3))
    assert not verify_consistency(first=first, second=second, first_root=EMPTY_ROOT, second_root=EMPTY_ROOT, proof=[])


@pytest.mark.parametrize(
    ("size", "roots"),
    [
        (-1, []),
        (1, []),
        (2, ["00" * 32, "00" * 32]),
        (1, ["00" * 31]),
        (1, ["zz" * 32]),
        (1, ["AB" * 32]),
        (1, ["00" * 31 + " 0"]),
        (1, [7]),
        (0, ["00" * 32]),
    ],
)
def test_what_is_no_frontier_is_refused(size, roots):
    with pytest.raises(ProofInvalid):
        Frontier.from_hex(size, roots)
