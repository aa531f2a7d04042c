"""Add one link to the chain of the tenant in scope."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.fiscal import crypto
from apps.fiscal.canonical import Envelope, amount_text, canonical_bytes, data_hash
from apps.fiscal.head import HeadToExtend, extended, head_to_extend
from apps.fiscal.models import FiscalCommitment, FiscalEntry
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.facts import PublishedFact
from apps.socle.fields import uuid7
from apps.socle.unit_of_work import insert_later


@command
def append_entry(*, fact: PublishedFact, acteur: Acteur) -> FiscalEntry:
    """Chain `fact`: envelope, hashes, signature, and the erasable clear text of what it commits to.

    The tenant's lock, which every command holds, keeps the head still between reading it and
    inserting; the trigger on the table refuses whoever came without it.

    Raises BusinessError where the tenant has no chain, CanonicalError where the fact's snapshot
    holds what has no single spelling, and MasterSecretError where the mounted secret is not the
    one that made the tenant's key.
    """
    head = head_to_extend(fact.tenant_id)
    salts = _Salts(acteur)
    entry = link_of(_envelope(fact, acteur, head, salts), head)
    insert_later(entry)
    if salts.any:
        insert_later(FiscalCommitment(tenant_id=entry.tenant_id, entry=entry, **salts.columns))
    extended(fact.tenant_id, head, entry)
    return entry


class _Salts:
    """What the actor's address and browser become: commitments in the envelope, clear text beside it."""

    def __init__(self, acteur: Acteur) -> None:
        self.columns: dict[str, Any] = {}
        self.ip_commitment = self._commit("ip_address", "ip_salt", acteur.ip)
        self.user_agent_commitment = self._commit("user_agent", "user_agent_salt", acteur.user_agent)

    def _commit(self, name: str, salt_name: str, text: str | None) -> str | None:
        if not text:
            return None
        salt = crypto.new_salt()
        self.columns |= {name: text, salt_name: salt}
        return crypto.commitment(name, salt, text)

    @property
    def any(self) -> bool:
        return bool(self.columns)


def _envelope(fact: PublishedFact, acteur: Acteur, head: HeadToExtend, salts: _Salts) -> Envelope:
    moment = now()
    return Envelope(
        id=uuid7(),
        tenant_id=fact.tenant_id,
        tenant_name=head.tenant_name,
        sequence_number=head.number + 1,
        entry_type=fact.declaration.entry_type,
        entity_type=fact.source_type,
        entity_id=fact.source_id,
        entity_number=fact.number,
        fiscal_date=fiscal_date(moment, head.time_zone, head.day, head.sealed_until),
        document_date=fact.date,
        created_at=moment,
        legal_status=fact.declaration.legal_status,
        environment=head.environment,
        actor_type=str(acteur.kind),
        actor_id=acteur.id,
        actor_label=acteur.label,
        actor_role=acteur.role,
        key_id=head.signer.key_id,
        algorithm=crypto.ALGORITHM,
        ip_commitment=salts.ip_commitment,
        user_agent_commitment=salts.user_agent_commitment,
        fact_id=fact.id,
        fact=_fact_json(fact),
        document=fact.snapshot,
    )


def fiscal_date(moment: datetime, time_zone: str, last: date | None, sealed_until: date | None = None) -> date:
    """Return the tenant's local day, or the chain's last day where the clock went back.

    Never a sealed day: who sells after the day's closing sells into the next one.
    """
    days = [moment.astimezone(ZoneInfo(time_zone)).date()]
    if last is not None:
        days.append(last)
    if sealed_until is not None:
        days.append(sealed_until + timedelta(days=1))
    return max(days)


def _fact_json(fact: PublishedFact) -> dict[str, Any]:
    """Return what ledger and movements heard, amounts as strings in the fact's currency."""
    return {
        "type": fact.type,
        "currency": fact.currency,
        "tiers": {"id": str(fact.tiers_id), "label": fact.tiers_label} if fact.tiers_id else None,
        "lines": [
            {
                "role": line.role,
                "amount": amount_text(line.amount),
                "label": line.label,
                "criteria": dict(line.criteria),
            }
            for line in fact.lines
        ],
    }


def link_of(envelope: Envelope, head: HeadToExtend) -> FiscalEntry:
    """Return the link of `envelope` after `head`: canonical bytes, hashes and signature; not inserted yet."""
    content = envelope.as_json()
    canonical = canonical_bytes(content)
    hashed = data_hash(canonical)
    linked = crypto.chain_hash(envelope.sequence_number, head.chain_hash, hashed)
    return FiscalEntry(
        id=envelope.id,
        tenant_id=envelope.tenant_id,
        fact_id=envelope.fact_id,
        sequence_number=envelope.sequence_number,
        entry_type=envelope.entry_type,
        entity_type=envelope.entity_type,
        entity_id=envelope.entity_id,
        entity_number=envelope.entity_number,
        fiscal_date=envelope.fiscal_date,
        data_snapshot=content,
        data_canonical=canonical,
        data_hash=hashed,
        previous_hash=head.chain_hash,
        chain_hash=linked,
        signature=crypto.sign(head.signer.private_key, linked),
        key_id=envelope.key_id,
        algorithm=envelope.algorithm,
        legal_status=envelope.legal_status,
        environment=envelope.environment,
        actor_type=envelope.actor_type,
        actor_id=envelope.actor_id,
        metadata=dict(envelope.metadata),
        created_at=envelope.created_at,
    )
