"""Verifying many links at once; what does not hold at first sight is read again, link by link, by `ChainReader`.

Who verifies what, and why there:

- hashes and linkage in Python, over the stored bytes: what a proof rests on trusts no function of the database;
- signatures in Python, where the genuine keys are;
- columns, snapshot, commitments and days in the database, set-based: comparing there costs a third of parsing here.

All of it is exact: a chunk that holds here holds for `ChainReader`, whose findings name what does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from apps.fiscal import crypto, stored_links
from apps.fiscal.keys import Keys
from apps.fiscal.verification import Anomaly, ChainReader, Place

CHUNK = 20_000
"""Numbers between two looks at content and signatures: what a broken chunk costs to read again, in 3 s."""
KEPT_ANOMALIES = 100

Row = tuple[int, bytes, str, str, str]


@dataclass
class Findings:
    """Counts every anomaly, keeps the first ones: a chain broken everywhere must not fill memory."""

    total: int = 0
    kept: list[Anomaly] = field(default_factory=list)

    def add(self, anomaly: Anomaly) -> None:
        self.total += 1
        if len(self.kept) < KEPT_ANOMALIES:
            self.kept.append(anomaly)

    def join(self, later: Findings) -> None:
        """Take in what was found behind."""
        self.total += later.total
        self.kept.extend(later.kept[: KEPT_ANOMALIES - len(self.kept)])


@dataclass
class Stretch:
    """What was found in links that stand together: how many, the place behind the last, the anomalies."""

    place: Place
    links: int = 0
    findings: Findings = field(default_factory=Findings)


def place_before(tenant_id: UUID, first: int) -> Place:
    """Return the place behind the link before `first`, as it is stored; the genesis before link 1.

    Where that link is missing, the place is one lower: the next link read then shows the gap.
    """
    if first <= 1:
        return Place(0, crypto.genesis_hash(tenant_id), "")
    return stored_links.read_place(tenant_id, first - 1) or Place(first - 2, "", "")


def read_stretch(tenant_id: UUID, keys: Keys, place: Place, first: int, last: int) -> Iterator[Stretch]:
    """Verify the links numbered `first` to `last`, which follow `place`; yield the state after each chunk.

    The same object is yielded each time. Needs an open transaction in the tenant's scope.
    """
    stretch = Stretch(place)
    for start, end in _chunks(tenant_id, first, last):
        if not _holds(tenant_id, keys, stretch, start, end):
            _read_again(tenant_id, keys, stretch, start, end)
        yield stretch


def _chunks(tenant_id: UUID, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers from which to which a chunk goes; each begins with a link that is there."""
    while (start := stored_links.next_number(tenant_id, first, last)) is not None:
        end = min(last, start + CHUNK - 1)
        yield start, end
        first = end + 1


def _holds(tenant_id: UUID, keys: Keys, stretch: Stretch, start: int, end: int) -> bool:
    """Tell whether the links numbered `start` to `end` hold at first sight, and move on behind them when they do."""
    number, chain_hash, day = stretch.place
    first = number + 1
    with closing(stored_links.read_hashes(tenant_id, start, end)) as batches:
        for rows in batches:
            reached = follow_hashes(rows, number, chain_hash)
            if reached is None:
                return False
            number, chain_hash = reached
    content = stored_links.read_content(tenant_id, first, number, day, crypto.ALGORITHM)
    links = number - first + 1
    if content is None or content.doubtful or content.links != links:
        return False
    signed = stored_links.read_signatures(tenant_id, first, number)
    if len(signed) != links or not all(_signed(keys, *row) for row in signed):
        return False
    stretch.place = Place(number, chain_hash, content.last_day)
    stretch.links += links
    return True


def follow_hashes(rows: Sequence[Row], number: int, chain_hash: str) -> tuple[int, str] | None:
    """Recompute the hashes of links that should follow link `number`; return the last one's number and chain hash.

    None as soon as one does not follow, or does not give the hashes that are stored.
    """
    try:
        before, label = bytes.fromhex(chain_hash), crypto.CHAIN_LABEL
        for sequence_number, canonical, previous_hash, hashed, linked_hash in rows:
            number += 1
            data = sha256(canonical).digest()
            if sequence_number != number or previous_hash != chain_hash or hashed != data.hex():
                return None
            before = sha256(label + number.to_bytes(8, "big") + before + data).digest()
            chain_hash = before.hex()
            if linked_hash != chain_hash:
                return None
    except (TypeError, ValueError, OverflowError):
        return None
    return number, chain_hash


def _signed(keys: Keys, chain_hash: str, key_id: str, signature: bytes) -> bool:
    key = keys.get(key_id)
    return key is not None and signature is not None and crypto.signature_holds(key, chain_hash, signature)


def _read_again(tenant_id: UUID, keys: Keys, stretch: Stretch, start: int, end: int) -> None:
    """Read a doubtful chunk link by link, and name what is wrong."""
    reader, before = ChainReader(tenant_id, keys), stretch.findings.total
    reader.stand_at(stretch.place)
    for batch in stored_links.read_links(tenant_id, end, start):
        for link in batch:
            for anomaly in reader.read(link):
                stretch.findings.add(anomaly)
    if stretch.findings.total == before:
        message = _("ce maillon ou l’un des suivants ne se lit pas deux fois de la même façon.")
        stretch.findings.add(Anomaly(start, "", "unsteady", message))
    stretch.place = reader.place
    stretch.links += reader.count
