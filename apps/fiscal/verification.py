"""The rules of the chain, link by link, without a database.

`ChainReader` is fed the stored links in order and answers with what is wrong with each. It trusts
nothing that it was not given apart from the stored rows: the tenant and the public keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils.translation import gettext as _

from apps.fiscal import crypto
from apps.fiscal.canonical import ENVELOPE_VERSION

# The columns of a link whose value stands in the envelope under the same name. The order is that
# of the first fields of `StoredLink`.
ENVELOPE_COLUMNS = (
    "id",
    "tenant_id",
    "fact_id",
    "sequence_number",
    "entry_type",
    "entity_type",
    "entity_id",
    "entity_number",
    "fiscal_date",
    "legal_status",
    "environment",
    "actor_type",
    "actor_id",
    "key_id",
    "algorithm",
    "created_at",
)


class StoredLink(NamedTuple):
    """A link as it is stored, each value in the text that the envelope uses for it."""

    id: str
    tenant_id: str
    fact_id: str
    sequence_number: int
    entry_type: str
    entity_type: str | None
    entity_id: str | None
    entity_number: str
    fiscal_date: str
    legal_status: str
    environment: str
    actor_type: str
    actor_id: str | None
    key_id: str
    algorithm: str
    created_at: str
    metadata: str
    data_snapshot: str
    data_canonical: bytes
    data_hash: str
    previous_hash: str
    chain_hash: str
    signature: bytes
    ip_address: str | None = None
    ip_salt: bytes | None = None
    user_agent: str | None = None
    user_agent_salt: bytes | None = None


class Place(NamedTuple):
    """Where the chain stands behind a link: its number, its chain hash, its fiscal day (empty before the first)."""

    number: int
    chain_hash: str
    day: str


@dataclass(frozen=True)
class Anomaly:
    """One thing that does not hold; `sequence_number` 0 stands for the chain as a whole."""

    sequence_number: int
    entity_number: str
    code: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        if not self.sequence_number:
            return self.message
        number = f" ({self.entity_number})" if self.entity_number else ""
        return _("Maillon %(sequence)s%(number)s : %(message)s") % {
            "sequence": self.sequence_number,
            "number": number,
            "message": self.message,
        }


class _Number(NamedTuple):
    """A number of JSON, kept apart from what Python would call equal to it (`true`, `1.0`)."""

    text: str


# Parsed so that equality is JSON's own: 1, 1.0 and true are three things.
parse = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number).decode


_of_envelope = itemgetter(*ENVELOPE_COLUMNS)
_NULLABLE = {"entity_type", "entity_id", "actor_id", "ip_address", "ip_salt", "user_agent", "user_agent_salt"}
_REQUIRED = tuple(name for name in StoredLink._fields if name not in _NULLABLE)
_required_of = itemgetter(*(StoredLink._fields.index(name) for name in _REQUIRED))
_SEQUENCE = ENVELOPE_COLUMNS.index("sequence_number")


class ChainReader:
    """Reads one tenant's links in order and says what is wrong.

    After a broken link it goes on from what is stored, so that a later, independent fault is found
    too. Memory does not grow with the chain.
    """

    def __init__(self, tenant_id: UUID, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self.keys = keys
        self.count = 0
        self.last_number = 0
        self.head_hash = crypto.genesis_hash(tenant_id)
        self.last_date = ""

    @property
    def place(self) -> Place:
        return Place(self.last_number, self.head_hash, self.last_date)

    def stand_at(self, place: Place) -> None:
        """Go on behind `place`, whose links were read otherwise."""
        self.last_number, self.head_hash, self.last_date = place

    def read(self, link: StoredLink) -> Iterator[Anomaly]:
        """Yield what is wrong with the next stored link, then move on to it."""
        for code, message in self._faults(link):
            yield Anomaly(link.sequence_number, link.entity_number or "", code, message)
        self.follow(link)

    def follow(self, link: StoredLink) -> None:
        """Take `link` for what the next one must follow, as it is stored."""
        self.count += 1
        self.last_number = link.sequence_number
        self.head_hash = link.chain_hash or ""
        self.last_date = link.fiscal_date or self.last_date

    def _faults(self, link: StoredLink) -> Iterator[tuple[str, str]]:
        if None in _required_of(link):
            for name, value in zip(_REQUIRED, _required_of(link), strict=True):
                if value is None:
                    yield f"column-{name}", _("la colonne « %s » est vide ou illisible.") % name
            return
        yield from self._place(link)
        if hashlib.sha256(link.data_canonical).hexdigest() != link.data_hash:
            yield "data-hash", _("ses données signées ne donnent plus l’empreinte enregistrée.")
        yield from _content(link)
        yield from self._hash_and_signature(link)
        yield from self._day(link)

    def _place(self, link: StoredLink) -> Iterator[tuple[str, str]]:
        expected = self.last_number + 1
        if link.sequence_number > expected:
            yield "gap", _("il manque le maillon %s juste avant lui.") % (link.sequence_number - 1)
        elif link.sequence_number < expected:
            yield "double", _("ce numéro apparaît deux fois dans la chaîne.")
        if link.previous_hash != self.head_hash:
            yield (
                "previous-hash",
                _("il ne suit pas le maillon précédent : l’empreinte qu’il en garde n’est pas la sienne."),
            )

    def _hash_and_signature(self, link: StoredLink) -> Iterator[tuple[str, str]]:
        try:
            linked = crypto.chain_hash(link.sequence_number, link.previous_hash, link.data_hash)
        except (ValueError, OverflowError):
            linked = ""
        if linked != link.chain_hash:
            yield "chain-hash", _("son empreinte n’est pas celle de son contenu et de sa place.")
        key = self.keys.get(link.key_id)
        if key is None:
            yield "key", _("la clé « %s » n’est pas une clé de cet établissement.") % link.key_id
        elif not crypto.signature_holds(key, link.chain_hash, link.signature):
            yield "signature", _("sa signature n’est pas celle de la clé « %s ».") % link.key_id

    def _day(self, link: StoredLink) -> Iterator[tuple[str, str]]:
        if link.fiscal_date < self.last_date:
            yield "fiscal-date", _("son jour fiscal recule.")
            return
        sealed = _seals(link)
        if link.fiscal_date <= sealed:
            yield "fiscal-date", _("son jour fiscal est celui qu’il clôture.")
        elif (
            link.fiscal_date != self.last_date
            and link.fiscal_date != _day_after(sealed)
            and _days_apart(link.fiscal_date, link.created_at) > 1
        ):
            yield "fiscal-date", _("son jour fiscal n’est pas celui de son enregistrement.")


def _content(link: StoredLink) -> Iterator[tuple[str, str]]:
    """Compare the signed bytes with each stored column, with the snapshot and with what may be erased."""
    try:
        envelope = parse(link.data_canonical.decode())
        said = list(_of_envelope(envelope))
        metadata, snapshot = envelope["metadata"], parse(link.data_snapshot)
    except (ValueError, KeyError, TypeError, RecursionError):
        yield "unreadable", _("ses données signées sont illisibles.")
        return
    if envelope.get("version") != _Number(str(ENVELOPE_VERSION)) or envelope["algorithm"] != crypto.ALGORITHM:
        yield "format", _("son format ou son algorithme n’est pas reconnu.")
    stored = list(link[: len(ENVELOPE_COLUMNS)])
    stored[_SEQUENCE] = _Number(str(link.sequence_number))
    if said != stored:
        for column, signed, kept in zip(ENVELOPE_COLUMNS, said, stored, strict=True):
            if signed != kept:
                yield f"column-{column}", _difference(column, signed, kept)
    if metadata != parse(link.metadata):
        yield "column-metadata", _difference("metadata", metadata, parse(link.metadata))
    if snapshot != envelope:
        yield "snapshot", _("les données affichées ne sont pas les données signées.")
    yield from _commitments(link, envelope)


def _difference(column: str, signed: Any, kept: Any) -> str:
    return _("la colonne « %(column)s » dit « %(kept)s », les données signées disent « %(signed)s ».") % {
        "column": column,
        "kept": _shown(kept),
        "signed": _shown(signed),
    }


def _shown(value: Any) -> str:
    text = value.text if isinstance(value, _Number) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _commitments(link: StoredLink, envelope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Check clear text that is still there against the commitment; erased text is no fault."""
    kept = (
        ("ip_address", link.ip_address, link.ip_salt, envelope.get("ip_commitment")),
        ("user_agent", link.user_agent, link.user_agent_salt, envelope.get("user_agent_commitment")),
    )
    for name, text, salt, committed in kept:
        if text is None and salt is None:
            continue
        if (
            text is None
            or salt is None
            or len(salt) != crypto.SALT_BYTES
            or crypto.commitment(name, salt, text) != committed
        ):
            yield f"commitment-{name}", _("la donnée effaçable « %s » n’est pas celle qui a été engagée.") % name


def _seals(link: StoredLink) -> str:
    """Return the day that this link seals: that of a day's closing says it; an empty text for any other link.

    Days never go back, so that no link after this one can be dated into it either.
    """
    if link.entry_type != "closing":
        return ""
    try:
        document = json.loads(link.data_canonical)["document"]
        return document["closing_date"] if document["closing_type"] == "daily" else ""
    except (ValueError, LookupError, TypeError):
        return ""


def _day_after(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _days_apart(day: str, moment: str) -> int:
    try:
        return abs((date.fromisoformat(day) - date.fromisoformat(moment[:10])).days)
    except ValueError:
        return 2
