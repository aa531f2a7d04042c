"""The Merkle tree of the tenant in scope: roots, frontiers and proofs of any of its sizes.

A proof names roots over up to half of the history. Roots of 1,024 leaves are kept by the closings,
so that a proof reads at most two such stretches of leaves and one stored root for each other
thousand of links. Measured in a tree of 40,000 links (`benchmarks/fiscal_chain.py`): 71 ms of
processor from every leaf, which grows with the history, 10 ms from blocks, which hardly does.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from apps.fiscal.merkle import (
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from apps.fiscal.models import FiscalTreeBlock
from apps.socle.scope import require_scope

BLOCK = 1024
"""Leaves under one stored root; a power of two."""
AT_ONCE = 5000

_LEAVES = """
select e.chain_hash from public.fiscal_fiscalentry e
where e.tenant_id = %s and e.sequence_number between %s and %s order by e.sequence_number
"""


class TreeBroken(RuntimeError):
    """The links stored now do not give the root that a closing signed: verify the chain."""


def leaves(start: int, end: int) -> Iterator[bytes]:
    """Yield the leaf hashes [start, end), counted from 0, as the links stand. Needs an open transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LEAVES, [require_scope(), start + 1, end])
        while rows := cursor.fetchmany(AT_ONCE):
            for (chain_hash,) in rows:
                yield leaf_hash(bytes.fromhex(chain_hash))


def grown(start: int, end: int, stored: bool = True) -> Frontier:
    """Return the subtree over the leaves [start, end) as a frontier; `start` is a multiple of its perfect width.

    With `stored`, from the roots that closings kept, as far as they reach.
    """
    frontier = Frontier()
    if stored and end - start >= BLOCK:
        for root in _blocks(start // BLOCK, end // BLOCK):
            frontier.append_perfect(root, BLOCK)
    return frontier.extend(leaves(start + frontier.size, end))


def _blocks(first: int, last: int) -> list[bytes]:
    """Return the stored roots of the blocks [first, last), up to the first one that is missing."""
    found = FiscalTreeBlock.objects.filter(number__gte=first, number__lt=last).order_by("number")
    roots = []
    for number, root in found.values_list("number", "root"):
        if number != first + len(roots):
            break
        roots.append(bytes.fromhex(root))
    return roots


def store_blocks(size: int) -> int:
    """Keep the roots of the blocks that are complete in a tree of `size` leaves; return how many were new."""
    latest = FiscalTreeBlock.objects.order_by("-number").values_list("number", flat=True).first()
    first = 0 if latest is None else latest + 1
    new = [
        FiscalTreeBlock(
            tenant_id=require_scope(),
            number=number,
            root=grown(number * BLOCK, (number + 1) * BLOCK, stored=False).root().hex(),
        )
        for number in range(first, size // BLOCK)
    ]
    FiscalTreeBlock.objects.bulk_create(new)
    return len(new)


def inclusion_proof(*, sequence_number: int, size: int, chain_hash: str, root: str) -> list[str]:
    """Return the path of a link in the tree of `size` links whose root a closing signed; hex, lowest first.

    Tried with the stored blocks, then from the leaves alone; raises TreeBroken when neither leads to `root`.
    """
    index, leaf = sequence_number - 1, leaf_hash(bytes.fromhex(chain_hash))
    for stored in (True, False):
        path = [grown(start, end, stored).root() for start, end in inclusion_ranges(index, size)]
        if verify_inclusion(index=index, size=size, leaf=leaf, path=path, root=bytes.fromhex(root)):
            return [step.hex() for step in path]
    raise TreeBroken(f"link {sequence_number} in a tree of {size}")


def consistency_proof(*, first: int, first_root: str, second: int, second_root: str) -> list[str]:
    """Return the proof that the tree of `first` links is a beginning of that of `second`; hex.

    Tried with the stored blocks, then from the leaves alone; raises TreeBroken when neither joins the signed roots.
    """
    signed = {"first_root": bytes.fromhex(first_root), "second_root": bytes.fromhex(second_root)}
    for stored in (True, False):
        proof = [grown(start, end, stored).root() for start, end in consistency_ranges(first, second)]
        if verify_consistency(first=first, second=second, proof=proof, **signed):
            return [step.hex() for step in proof]
    raise TreeBroken(f"from {first} to {second} links")
