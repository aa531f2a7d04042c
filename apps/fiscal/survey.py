"""The links since the last sealed day, verified one by one and added up day by day.

A closing must not cost the whole history: the survey begins at the checkpoint that the latest day's closing left
(number, hash, tree) and grows from there. It may be read in steps: most of a day without any lock, the few links
that came meanwhile under the tenant's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from apps.fiscal import crypto
from apps.fiscal.canonical import data_hash
from apps.fiscal.choices import ClosingType
from apps.fiscal.closing_bytes import closing_content
from apps.fiscal.closings import latest_closing
from apps.fiscal.day_sums import Sums, leaves, sums_by_day
from apps.fiscal.first_pass import place_before, read_stretch
from apps.fiscal.keys import Keys, genuine_keys
from apps.fiscal.merkle import Frontier, ProofInvalid, leaf_hash
from apps.fiscal.models import FiscalClosing
from apps.fiscal.stored_links import read_head
from apps.fiscal.verification import Anomaly, Place
from apps.socle.errors import BusinessError
from apps.socle.scope import require_scope

Progress = Callable[[int, int], None]


class ChainBroken(BusinessError):
    """The chain does not hold: nothing is sealed on it. `anomaly` is the first thing that is wrong."""

    def __init__(self, anomaly: Anomaly) -> None:
        self.anomaly = anomaly
        super().__init__(_("La chaîne est rompue, aucune clôture n’est possible. %s") % anomaly, code="chain-broken")


@dataclass
class Day:
    """What one fiscal day comes to; `frontier` is the tree of every link up to its last.

    A day without links: `first_sequence` is one more than `last_sequence`, which is that of the day before.
    """

    first_sequence: int
    last_sequence: int
    head_hash: str
    frontier: Frontier
    sums: Sums = field(default_factory=Sums)

    def empty_one_after(self) -> Day:
        """Return a day that holds nothing, after this one."""
        return Day(self.last_sequence + 1, self.last_sequence, self.head_hash, self.frontier.copy())


class Survey:
    """Reads and verifies the links after the latest sealed day. Raises ChainBroken and MasterSecretError.

    `latest` is that day's closing, None before the first.
    """

    def __init__(self) -> None:
        tenant_id = require_scope()
        keys, replaced = genuine_keys(tenant_id)
        if replaced:
            message = _("La clé publique « %s » n’est pas celle que le secret maître donne.") % replaced[0]
            raise ChainBroken(Anomaly(0, "", "key-replaced", message))
        self.keys = keys
        self.latest = latest_closing(ClosingType.DAILY)
        self._days: dict[date, Day] = {}
        self._newest = self._sealed = self._start(tenant_id, self.latest)

    def _start(self, tenant_id: UUID, closing: FiscalClosing | None) -> Day:
        """Go to the checkpoint: the latest day's closing, itself verified, and its last link."""
        if closing is None:
            self._place = Place(0, crypto.genesis_hash(tenant_id), "")
            return Day(1, 0, self._place.chain_hash, Frontier())
        frontier = frontier_of(closing, self.keys)
        self._place = place_before(tenant_id, closing.last_sequence + 1)
        if (self._place.number, self._place.chain_hash) != (closing.last_sequence, closing.head_hash):
            raise ChainBroken(disagreement(closing))
        return Day(closing.first_sequence, closing.last_sequence, closing.head_hash, frontier)

    def read_to_the_head(self, progress: Progress | None = None) -> None:
        """Verify what came since, to the head of now, which must be the one that is registered.

        `progress` is called with (done, total).
        """
        tenant_id = require_scope()
        head, started = read_head(tenant_id), self._place.number
        for stretch in read_stretch(tenant_id, self.keys, self._place, started + 1, head.last):
            if stretch.findings.total:
                raise ChainBroken(stretch.findings.kept[0])
            self._count(tenant_id, self._place.number + 1, stretch.place.number)
            self._place = stretch.place
            if progress:
                progress(self._place.number - started, head.last - started)
        if Place(head.number or 0, head.chain_hash, head.day) != self._place:
            message = _("La tête enregistrée n’est pas le dernier maillon de la chaîne.")
            raise ChainBroken(Anomaly(0, "", "head-hash", message))

    def day(self, day: date) -> Day:
        """Return what the first day that is not sealed, `day`, comes to."""
        return self._days.get(day) or self._sealed.empty_one_after()

    def sealed(self, closing: FiscalClosing) -> None:
        """Go past the day that `closing` has just sealed."""
        self._sealed, self.latest = self.day(closing.closing_date), closing

    def _count(self, tenant_id: UUID, first: int, last: int) -> None:
        """Grow the tree by these links, and add them up, each in its day."""
        for on, number, chain_hash in leaves(tenant_id, first, last):
            if on not in self._days:
                self._days[on] = self._newest.empty_one_after()
                self._newest = self._days[on]
            self._newest.frontier.append(leaf_hash(bytes.fromhex(chain_hash)))
            self._newest.last_sequence, self._newest.head_hash = number, chain_hash
        for on, sums in sums_by_day(tenant_id, first, last).items():
            self._days[on].sums.operations += sums.operations
            self._days[on].sums.totals.add(sums.totals)


def frontier_of(closing: FiscalClosing, keys: Keys) -> Frontier:
    """Return the tree that `closing` left. Raises ChainBroken when the closing is not what was signed."""
    canonical, key = bytes(closing.data_canonical), keys.get(closing.key_id)
    try:
        said = json.loads(canonical)
        frontier = Frontier.from_hex(closing.last_sequence, closing.merkle_frontier)
        holds = (
            data_hash(canonical) == closing.data_hash
            and crypto.closing_hash(closing.previous_closing_hash, closing.data_hash) == closing.closing_hash
            and key is not None
            and crypto.signature_holds(key, closing.closing_hash, bytes(closing.signature))
            and frontier.root().hex() == closing.merkle_root
            and said == closing_content(closing, said["tenant_name"])
        )
    except (ValueError, LookupError, TypeError, ProofInvalid) as error:
        raise ChainBroken(disagreement(closing)) from error
    if not holds:
        raise ChainBroken(disagreement(closing))
    return frontier


def disagreement(closing: FiscalClosing) -> Anomaly:
    message = _("la clôture %s ne correspond plus à ce qui a été signé.") % closing.number
    return Anomaly(closing.last_sequence, closing.number, "closing", message)
