"""Does the chain hold every head that was written outside of it?

Whoever owns the database can put an older copy of it back, or cut the chain's tail together with
its registered head: inside, nothing shows. The heads outside show it. They are read before the
chain's own hashes, so that a link added meanwhile is never taken for a missing one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.fiscal import anchor_file, anchor_line
from apps.fiscal.anchor_line import Head, UnreadableLine
from apps.fiscal.choices import AnchorStatus, AnchorType
from apps.fiscal.keys import genuine_keys
from apps.fiscal.places import listed_heads, object_folder, reference_of
from apps.fiscal.stored_links import read_anchors, read_chain_hashes, read_closing_hashes, read_head
from apps.fiscal.verification import Anomaly

logger = logging.getLogger(__name__)
BATCH = 1000
Place = tuple[int, str]
"""A link's number and the hash that it must have there."""


@dataclass
class Comparison:
    """What the heads outside say against the chain; `warnings` are what could not be compared."""

    anomalies: list[Anomaly] = field(default_factory=list)
    warnings: list[Anomaly] = field(default_factory=list)
    closings: dict[str, Head] = field(default_factory=dict)
    """What was sealed, by its hash, as signed heads say it."""

    def sealed(self, head: Head) -> None:
        if head.closing_hash:
            self.closings[head.closing_hash] = head

    def found(self, code: str, message: str, sequence_number: int = 0) -> None:
        self.anomalies.append(Anomaly(sequence_number, "", code, message))


def compare_with_anchors(tenant_id: UUID) -> Comparison:
    """Compare the chain of the tenant in scope with its heads in the anchor file and, where one is set, in the bucket.

    Raises MasterSecretError.
    """
    result = Comparison()
    keys, _replaced = genuine_keys(tenant_id)
    registered = _Registered.read(tenant_id, keys, result)
    known = dict.fromkeys(registered.places, _("base de données"))
    known |= _in_file(tenant_id, keys, registered.in_file, result)
    if settings.ANCHOR_S3_BUCKET:
        known |= _in_bucket(tenant_id, registered.in_bucket, result)
    last = read_head(tenant_id).last_stored
    _against_the_chain(tenant_id, known, last, result)
    _against_the_closings(tenant_id, last, result)
    return result


@dataclass
class _Registered:
    """The anchors that the database knows: all places, and what must be found outside (signature or reference → number)."""

    places: list[Place] = field(default_factory=list)
    in_file: dict[str, int] = field(default_factory=dict)
    in_bucket: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, tenant_id: UUID, keys: Mapping[str, Ed25519PublicKey], result: Comparison) -> _Registered:
        registered = cls()
        for anchor in read_anchors(tenant_id):
            try:
                head = anchor_line.read(anchor.line)
                genuine = head.signature_holds(keys) and head.place == (anchor.sequence_number, anchor.chain_hash)
            except UnreadableLine:
                genuine = False
            if not genuine:
                result.found("anchor-row", _("son ancrage enregistré a été modifié."), anchor.sequence_number)
                continue
            registered.places.append(head.place)
            result.sealed(head)
            if anchor.status != AnchorStatus.VERIFIED:
                continue
            if anchor.anchor_type == AnchorType.FILE:
                registered.in_file[head.signature] = anchor.sequence_number
            elif anchor.anchor_type == AnchorType.S3:
                registered.in_bucket[anchor.anchor_reference] = anchor.sequence_number
        return registered


def _in_file(
    tenant_id: UUID, keys: Mapping[str, Ed25519PublicKey], missing: dict[str, int], result: Comparison
) -> dict[Place, str]:
    """Return the heads of the anchor file; what `missing` lists must stand there or in an older file beside it."""
    heads: list[tuple[Head, str]] = []
    try:
        for path in (*anchor_file.segments(settings.ANCHOR_FILE), settings.ANCHOR_FILE):
            heads = _heads_of(path, tenant_id, keys, missing, result)
    except OSError as error:
        logger.error("the anchor file cannot be read: %s", error)
        result.found("anchor-file", _("Le fichier d’ancrage est illisible."))
        return {}
    _lost(missing, _("fichier d’ancrage"), result)
    for head, _where in heads:
        result.sealed(head)
    return {head.place: where for head, where in heads}


def _heads_of(
    path: Path, tenant_id: UUID, keys: Mapping[str, Ed25519PublicKey], missing: dict[str, int], result: Comparison
) -> list[tuple[Head, str]]:
    heads = []
    whole = True
    for line in anchor_file.lines(path):
        if whole and not line.follows:
            whole = False
            said = _("Le fichier d’ancrage %(name)s a été modifié : sa ligne %(line)s ne suit pas la précédente.")
            result.found("anchor-file", said % {"name": path.name, "line": line.number})
        if line.head is None or line.head.tenant_id != tenant_id:
            continue
        missing.pop(line.head.signature, None)
        if line.head.signature_holds(keys):
            where = _("%(name)s, ligne %(line)s") % {"name": path.name, "line": line.number}
            heads.append((line.head, where))
        else:
            said = _("La ligne %(line)s du fichier d’ancrage %(name)s n’est pas signée par cet établissement.")
            result.found("anchor-signature", said % {"name": path.name, "line": line.number})
    return heads


def _in_bucket(tenant_id: UUID, missing: dict[str, int], result: Comparison) -> dict[Place, str]:
    """Return the heads of the bucket by its listing: names hold number and hash, and locked objects keep theirs."""
    known: dict[Place, str] = {}
    try:
        for number, chain_hash, name in listed_heads(tenant_id):
            known[number, chain_hash] = name.rpartition("/")[2]
            missing.pop(reference_of(name), None)
    except (BotoCoreError, ClientError, OSError) as error:
        logger.warning("the anchors' bucket cannot be listed: %s", error)
        said = _("Le stockage verrouillé ne répond pas : ses têtes n’ont pas été comparées.")
        result.warnings.append(Anomaly(0, "", "anchor-unreachable", said))
        return known
    here = reference_of(object_folder(tenant_id))  # another bucket or folder that served before is not asked
    _lost({name: number for name, number in missing.items() if name.startswith(here)}, _("stockage verrouillé"), result)
    return known


def _lost(missing: dict[str, int], place: str, result: Comparison) -> None:
    if missing:
        said = ngettext(
            "%(number)s tête écrite ne se trouve plus (%(place)s), au maillon %(first)s.",
            "%(number)s têtes écrites ne se trouvent plus (%(place)s), la première au maillon %(first)s.",
            len(missing),
        )
        values = {"number": len(missing), "place": place, "first": min(missing.values())}
        result.found("anchor-lost", said % values)


def _against_the_chain(tenant_id: UUID, known: Mapping[Place, str], last: int, result: Comparison) -> None:
    """Ask the chain for the hash at each anchored place; the highest that it lacks says how old this copy is."""
    numbers = sorted({number for number, _hash in known})
    stored: dict[int, str] = {}
    for start in range(0, len(numbers), BATCH):
        stored |= read_chain_hashes(tenant_id, numbers[start : start + BATCH])
    beyond = max((place for place in known if place[0] > last and place[0] not in stored), default=None)
    for place in sorted(known):
        number, chain_hash = place
        if number <= last and stored.get(number) != chain_hash:
            said = _("son empreinte n’est pas celle qui a été ancrée (%s).") % known[place]
            result.found("anchor-differs", said, number)
    if beyond is not None:
        said = _(
            "manque : cette copie de la base est plus ancienne que la tête ancrée, au maillon %(number)s (%(where)s)."
        )
        result.found("older-than-anchor", said % {"number": beyond[0], "where": known[beyond]}, last + 1)


def _against_the_closings(tenant_id: UUID, last: int, result: Comparison) -> None:
    """Every closing that a head outside names must stand; those of an older copy's missing links were said above."""
    stored: set[str] = set()
    hashes = sorted(result.closings)
    for start in range(0, len(hashes), BATCH):
        stored |= read_closing_hashes(tenant_id, hashes[start : start + BATCH])
    for closing_hash, head in result.closings.items():
        if closing_hash not in stored and head.sequence_number <= last:
            said = _("la clôture du %(day)s qu’il scelle, ancrée avec l’empreinte %(hash)s…, n’est plus enregistrée.")
            values = {"day": head.closing_date, "hash": closing_hash[:16]}
            result.found("anchor-closing", said % values, head.sequence_number)
