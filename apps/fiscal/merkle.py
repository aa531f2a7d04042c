"""The Merkle tree over the chain hashes (RFC 6962, section 2.1; the verifying algorithms of RFC 9162, 2.1.3 and 2.1.4).

Pure: no Django, no database. Leaf i is counted from 0 and stands for link i + 1. Half-open ranges [start, end) are
leaves. "Leaves" below are leaf *hashes*, as `leaf_hash` gives them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

_HEX = re.compile(r"[0-9a-f]{64}")
EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]


class ProofInvalid(ValueError):
    """What was handed in cannot be a frontier, a tree's range or a proof."""


def leaf_hash(chain_hash: bytes) -> bytes:
    """SHA-256(0x00 ‖ chain_hash): what stands at the bottom of the tree."""
    return hashlib.sha256(b"\x00" + chain_hash).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(roots: Sequence[bytes]) -> bytes:
    """The root over neighbouring perfect subtrees, largest first: bagged from the right."""
    if not roots:
        return EMPTY_ROOT
    result = roots[-1]
    for root in reversed(roots[:-1]):
        result = node_hash(root, result)
    return result


@dataclass
class Frontier:
    """All that is needed to go on growing a tree: the roots of the perfect subtrees of its size, largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """One leaf hash more, at the right."""
        size = self.size
        node = leaf
        while size & 1:
            node = node_hash(self.roots.pop(), node)
            size >>= 1
        self.roots.append(node)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Append each; returns itself."""
        for leaf in leaves:
            self.append(leaf)
        return self

    def append_perfect(self, root: bytes, width: int) -> None:
        """A perfect subtree of `width` leaves at once; `width` is a power of two that divides the size.

        Raises ProofInvalid otherwise.
        """
        if width < 1 or width & (width - 1) or self.size % width:
            raise ProofInvalid(f"no perfect subtree of {width} leaves fits after {self.size}")
        size = self.size // width
        node = root
        while size & 1:
            node = node_hash(self.roots.pop(), node)
            size >>= 1
        self.roots.append(node)
        self.size += width

    def root(self) -> bytes:
        """The tree's root; that of the empty tree is SHA-256 of nothing."""
        return fold(self.roots)

    def copy(self) -> Frontier:
        """One that grows apart."""
        return Frontier(self.size, list(self.roots))

    def as_hex(self) -> list[str]:
        """How it is stored: lower-case hex, largest subtree first."""
        return [root.hex() for root in self.roots]

    @classmethod
    def from_hex(cls, size: int, roots: Sequence[str]) -> Frontier:
        """Back from what was stored. Raises ProofInvalid when it cannot be the frontier of a tree of `size` leaves."""
        if size < 0 or len(roots) != size.bit_count():
            raise ProofInvalid(f"{len(roots)} roots are no frontier of {size} leaves")
        return cls(size, [_hash_from_hex(text) for text in roots])


def _hash_from_hex(text: str) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise ProofInvalid("a hash is 64 lower-case hexadecimal digits")
    return bytes.fromhex(text)


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return Frontier().extend(leaves).root()


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the path of leaf `index` in the tree of `size` leaves, lowest first.

    Raises ProofInvalid when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"leaf {index} is not in a tree of {size}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The subtrees whose roots prove that the tree of `first` leaves is a beginning of that of `second`.

    Raises ProofInvalid unless 0 ≤ first ≤ second. A tree without leaves, and the same tree, need no proof.
    """
    if not 0 <= first <= second:
        raise ProofInvalid(f"a tree of {first} leaves is no beginning of one of {second}")
    if first in (0, second):
        return []
    ranges: list[Range] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


RootOf = Callable[[int, int], bytes]


def root_of_leaves(leaves: Sequence[bytes]) -> RootOf:
    """Ranges' roots from a list of all the leaf hashes."""
    return lambda start, end: tree_root(islice(leaves, start, end))


def inclusion_path(index: int, size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The path of leaf `index` in the tree of the first `size` leaf hashes, lowest first. Raises ProofInvalid."""
    root_of = root_of_leaves(leaves)
    return [root_of(start, end) for start, end in inclusion_ranges(index, size)]


def consistency_proof(first: int, second: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof that the tree of `first` leaves is a beginning of that of `second`. Raises ProofInvalid."""
    root_of = root_of_leaves(leaves)
    return [root_of(start, end) for start, end in consistency_ranges(first, second)]


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from the leaf hash at `index` to the `root` of a tree of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `first` leaves is a beginning of that of `second` (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root
