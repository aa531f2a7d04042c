"""A long chain verified by several processes: ranges of links, each read over a connection of its own.

A range begins at the place that the link before it left in the table; that link is the last of the
range before, so that linkage has no hole. The parts are put together in the chain's order.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connections

from apps.fiscal.first_pass import Stretch, place_before, read_stretch
from apps.fiscal.keys import Keys
from apps.socle.scope import scope

RANGE = 20_000
"""Links that a process takes at once: a progress line moves, and the last ranges end nearly together."""

_inherited: list[object] = []


def in_processes(
    tenant_id: UUID,
    keys: Keys,
    first: int,
    last: int,
    processes: int,
    progress: Callable[[int, int], None] | None = None,
) -> Stretch:
    """Verify the links `first` to `last` of a tenant in `processes` processes; return what was found in all."""
    done = Stretch(place_before(tenant_id, first))
    ranges = list(_ranges(first, last))
    if not ranges:
        return done
    public = {key_id: key.public_bytes_raw() for key_id, key in keys.items()}
    # Forked: a child has the settings of its parent, whatever database they name by now.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _leave_the_parents_connections) as pool:
        parts = pool.map(_verify_range, [tenant_id] * len(ranges), [public] * len(ranges), *zip(*ranges, strict=True))
        for (_start, end), part in zip(ranges, parts, strict=True):
            done.findings.join(part.findings)
            done.links += part.links
            if part.links:
                done.place = part.place
            if progress:
                progress(end - max(first, 1) + 1, last - max(first, 1) + 1)
    return done


def _ranges(first: int, last: int) -> Iterator[tuple[int, int]]:
    start, lowest = max(first, 1), first
    while start <= last:
        yield lowest, min(start + RANGE - 1, last)
        start = lowest = start + RANGE


def _leave_the_parents_connections() -> None:
    """Forget the sockets that were inherited, without closing them: they are the parent's."""
    for alias in connections:
        _inherited.append(connections[alias])
        del connections[alias]


def _verify_range(tenant_id: UUID, public: Mapping[str, bytes], first: int, last: int) -> Stretch:
    keys = {key_id: Ed25519PublicKey.from_public_bytes(raw) for key_id, raw in public.items()}
    with scope(tenant_id):
        done = Stretch(place_before(tenant_id, first))
        for stretch in read_stretch(tenant_id, keys, done.place, first, last):
            done = stretch
    return done
