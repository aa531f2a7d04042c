"""The rules of closings: each one's bytes, its place among the others, and what it says of the links.

`ClosingReader` is fed the stored closings in the order of their own links. Hashes, signatures and
places are checked for all; the tree and the totals are computed again for those that cover links
behind `since`, from the signed tree of the closing before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.fiscal import crypto, day_sums, stored_closings, tree
from apps.fiscal.canonical import data_hash
from apps.fiscal.closing_bytes import CLOSING_VERSION
from apps.fiscal.keys import Keys
from apps.fiscal.merkle import Frontier, ProofInvalid
from apps.fiscal.stored_closings import StoredClosing
from apps.fiscal.totals import Totals
from apps.fiscal.verification import Anomaly, parse

Fault = tuple[str, str]
DAILY, MONTHLY, YEARLY = "daily", "monthly", "yearly"
PART_OF = {DAILY: (MONTHLY, 7), MONTHLY: (YEARLY, 4)}
"""What a closing is a part of, and how much of its date names that whole."""


class Unreadable(ValueError):
    """A closing whose signed bytes cannot be read: nothing more can be said of it."""


@dataclass
class Whole:
    """What the parts of a month or a year come to, until its own closing."""

    start: str
    first: int
    totals: Totals = field(default_factory=Totals)
    operations: int = 0
    last: dict[str, Any] = field(default_factory=dict)


class ClosingReader:
    """Reads one tenant's closings in order and says what is wrong. Needs an open transaction."""

    def __init__(self, tenant_id: UUID, keys: Keys, since: int = 0) -> None:
        self.tenant_id, self.keys, self.since = tenant_id, keys, since
        self.previous_hash = crypto.closing_genesis_hash(tenant_id)
        self.latest: dict[str, dict[str, Any]] = {}
        self.perpetual = Totals()
        self.tree = Frontier()
        self.wholes: dict[tuple[str, str], Whole] = {}

    def read_all(self) -> Iterator[Anomaly]:
        """Yield what is wrong with the closings, with the links that announce them, with the last sealed day."""
        for closing in stored_closings.read_closings(self.tenant_id):
            for code, message in self._faults(closing):
                yield Anomaly(
                    0,
                    closing.name,
                    code,
                    _("Clôture %(name)s : %(message)s") % {"name": closing.name, "message": message},
                )
        for number, name in stored_closings.announced_in_vain(self.tenant_id):
            yield Anomaly(number, name, "closing-missing", _("la clôture qu’il annonce n’est plus enregistrée."))
        day = self.latest[DAILY]["closing_date"] if DAILY in self.latest else None
        if stored_closings.sealed_until(self.tenant_id) != day:
            message = _("Le dernier jour scellé de la tête de chaîne n’est pas celui de la dernière clôture.")
            yield Anomaly(0, "", "sealed-until", message)

    def _faults(self, closing: StoredClosing) -> Iterator[Fault]:
        try:
            said = _said(closing)
            yield from self._bytes(closing, said)
            yield from self._place(closing, said)
            yield from self._counts(said)
            yield from self._days(said)
            yield from self._parts(said) if said["closing_type"] != DAILY else self._links(said)
            self._follow(said)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RecursionError):
            yield "closing-unreadable", _("ses données signées sont illisibles.")
        self.previous_hash = closing.closing_hash or ""

    def _bytes(self, closing: StoredClosing, said: Mapping[str, Any]) -> Iterator[Fault]:
        if data_hash(closing.data_canonical or b"") != closing.data_hash:
            yield "closing-data-hash", _("ses données signées ne donnent plus l’empreinte enregistrée.")
        if (said["version"], said["algorithm"], closing.algorithm) != (
            CLOSING_VERSION,
            crypto.ALGORITHM,
            crypto.ALGORITHM,
        ):
            yield "closing-format", _("son format ou son algorithme n’est pas reconnu.")
        signed = parse((closing.data_canonical or b"").decode())
        name = signed.pop("tenant_name", None)
        if not isinstance(name, str) or not closing.born_closed or signed != parse(closing.columns or "null"):
            yield "closing-columns", _("une de ses colonnes ne dit pas ce qui a été signé.")
        try:
            closed = crypto.closing_hash(closing.previous_closing_hash or "", closing.data_hash or "")
        except ValueError:
            closed = ""
        if closed != closing.closing_hash:
            yield "closing-hash", _("son empreinte n’est pas celle de son contenu et de sa place.")
        key = self.keys.get(closing.key_id or "")
        if key is None:
            yield "closing-key", _("la clé « %s » n’est pas une clé de cet établissement.") % closing.key_id
        elif not crypto.signature_holds(key, closing.closing_hash or "", closing.signature or b""):
            yield "closing-signature", _("sa signature n’est pas celle de la clé « %s ».") % closing.key_id

    def _place(self, closing: StoredClosing, said: Mapping[str, Any]) -> Iterator[Fault]:
        if closing.previous_closing_hash != self.previous_hash:
            yield "closing-order", _("elle ne suit pas la clôture précédente : il en manque une, ou l’ordre a changé.")
        if closing.own_number is None:
            yield "closing-link", _("aucun maillon ne l’annonce.")
            return
        announced = json.loads(closing.announced or "null")
        told = ("closing_type", "closing_date", "first_sequence", "last_sequence", "merkle_root", "head_hash")
        if announced["closing_hash"] != closing.closing_hash or any(announced[name] != said[name] for name in told):
            yield "closing-link", _("le maillon %s, qui l’annonce, dit autre chose qu’elle.") % closing.own_number
        if closing.own_number <= said["last_sequence"]:
            yield (
                "closing-link",
                _("le maillon %s, qui l’annonce, serait parmi ceux qu’elle couvre.") % (closing.own_number),
            )

    def _counts(self, said: Mapping[str, Any]) -> Iterator[Fault]:
        first, last = said["first_sequence"], said["last_sequence"]
        if first < 1 or said["entries_count"] != last - first + 1 or said["entries_count"] < 0:
            yield "closing-count", _("elle ne compte pas les maillons qu’elle couvre.")
        before = self.latest.get(said["closing_type"])
        if before and (first != before["last_sequence"] + 1 or said["period_start"] != _day_after(before)):
            yield "closing-range", _("elle ne commence pas là où la précédente finit.")
        if before is None and first != 1:
            yield "closing-range", _("la première clôture ne commence pas au premier maillon.")
        try:
            root = Frontier.from_hex(last, said["merkle_frontier"]).root().hex()
        except ProofInvalid:
            root = ""
        if root != said["merkle_root"]:
            yield "closing-frontier", _("sa racine de Merkle n’est pas celle de sa frontière.")
        balance = Totals(said["perpetual_totals"]).turnover(said["currency"])
        before_it = balance - Totals(said["totals"]).turnover(said["currency"])
        if Decimal(said["closing_balance"]) != balance or Decimal(said["opening_balance"]) != before_it:
            yield "closing-balance", _("ses cumuls ne sont pas ceux de ses totaux.")

    def _days(self, said: Mapping[str, Any]) -> Iterator[Fault]:
        """The link that ends the range is that of the head, on the last day at most; the one behind is of a later day."""
        last = said["last_sequence"]
        found = stored_closings.days_of(self.tenant_id, [last, last + 1])
        day, head = found.get(last, ("", crypto.genesis_hash(self.tenant_id) if last == 0 else ""))
        if head != said["head_hash"]:
            yield "closing-head", _("son dernier maillon n’est pas celui qu’elle a scellé.")
        if day > said["closing_date"] or found.get(last + 1, ("9999", ""))[0] <= said["closing_date"]:
            yield "closing-days", _("les maillons de ses jours ne s’arrêtent pas là où elle s’arrête.")

    def _links(self, said: Mapping[str, Any]) -> Iterator[Fault]:
        """A day: its tree and its totals, computed again from its links."""
        perpetual = Totals(self.perpetual.as_json())
        perpetual.add(Totals(said["totals"]))
        if perpetual != Totals(said["perpetual_totals"]):
            yield "closing-perpetual", _("ses totaux perpétuels ne sont pas ceux de la veille et du jour.")
        first, last = said["first_sequence"], said["last_sequence"]
        if last <= self.since:
            self.tree = Frontier.from_hex(last, said["merkle_frontier"])
            return
        self.tree.extend(tree.leaves(self.tree.size, last))
        if self.tree.root().hex() != said["merkle_root"]:
            yield "closing-merkle", _("sa racine de Merkle n’est pas celle des maillons.")
        sums = day_sums.sums_by_day(self.tenant_id, first, last)
        totals, operations = Totals(), 0
        for day in sums.values():
            totals.add(day.totals)
            operations += day.operations
        if totals != Totals(said["totals"]) or operations != said["total_operations"]:
            yield "closing-totals", _("ses totaux ne sont pas ceux de ses maillons.")

    def _parts(self, said: Mapping[str, Any]) -> Iterator[Fault]:
        """A month is its days, a year its months."""
        kind = said["closing_type"]
        width = PART_OF[DAILY if kind == MONTHLY else MONTHLY][1]
        whole = self.wholes.pop((kind, said["closing_date"][:width]), None)
        same = ("last_sequence", "head_hash", "merkle_root", "merkle_frontier", "perpetual_totals", "closing_date")
        if (
            whole is None
            or (whole.start, whole.first) != (said["period_start"], said["first_sequence"])
            or (whole.totals, whole.operations) != (Totals(said["totals"]), said["total_operations"])
            or any(whole.last[name] != said[name] for name in same)
        ):
            yield "closing-parts", _("elle n’est pas la somme de ce dont elle est faite.")

    def _follow(self, said: dict[str, Any]) -> None:
        kind = said["closing_type"]
        self.latest[kind] = said
        if kind == DAILY:
            self.perpetual = Totals(said["perpetual_totals"])
        if kind in PART_OF:
            above, width = PART_OF[kind]
            key = (above, said["closing_date"][:width])
            whole = self.wholes.setdefault(key, Whole(said["period_start"], said["first_sequence"]))
            whole.totals.add(Totals(said["totals"]))
            whole.operations += said["total_operations"]
            whole.last = said


def _said(closing: StoredClosing) -> dict[str, Any]:
    said = json.loads(closing.data_canonical or b"")
    if type(said["first_sequence"]) is not int or type(said["last_sequence"]) is not int:
        raise Unreadable("no link numbers")
    return dict(said)


def _day_after(closing: Mapping[str, Any]) -> str:
    return (date.fromisoformat(closing["closing_date"]) + timedelta(days=1)).isoformat()
