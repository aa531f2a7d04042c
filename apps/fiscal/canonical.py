"""The envelope of one link of the chain, and its canonical bytes (RFC 8785).

`docs/fiscal-format.md` describes the same bytes for whoever verifies them without us: a change
here is a change of format, so it takes a new `ENVELOPE_VERSION` and leaves the old one readable.

This module knows neither Django nor the database. The envelope holds strings, integers below
2^53, booleans, null, arrays and objects only: a float or a Decimal has several spellings, and a
proof may have one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import rfc8785

ENVELOPE_VERSION = 1
LARGEST_INTEGER = 2**53 - 1


class CanonicalError(ValueError):
    """A value that has no single spelling was about to enter the chain; `path` says where."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__(f"{path or 'envelope'}: {reason}")


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Everything that a link says, before it is signed.

    The keys that bear a column's name hold that column's value; the verifier compares both.
    `fact` is what the ledger and the movements heard (currency, lines, third party), `document`
    what the producer's paper says. Amounts are strings in the currency's unit.
    """

    id: UUID
    tenant_id: UUID
    tenant_name: str
    sequence_number: int
    entry_type: str
    entity_type: str | None
    entity_id: UUID | None
    entity_number: str
    fiscal_date: date
    document_date: date
    created_at: datetime
    legal_status: str
    environment: str
    actor_type: str
    actor_id: UUID | None
    actor_label: str
    actor_role: str
    key_id: str
    algorithm: str
    fact_id: UUID
    fact: Mapping[str, Any]
    document: Mapping[str, Any]
    ip_commitment: str | None = None
    user_agent_commitment: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object that is canonicalised, kept and hashed.

        Raises CanonicalError when the document holds what has no single spelling.
        """
        content = {
            "version": ENVELOPE_VERSION,
            "algorithm": self.algorithm,
            "key_id": self.key_id,
            "id": str(self.id),
            "tenant_id": str(self.tenant_id),
            "tenant_name": self.tenant_name,
            "sequence_number": self.sequence_number,
            "entry_type": self.entry_type,
            "entity_type": self.entity_type,
            "entity_id": _text_or_none(self.entity_id),
            "entity_number": self.entity_number,
            "fiscal_date": self.fiscal_date.isoformat(),
            "document_date": self.document_date.isoformat(),
            "created_at": timestamp_text(self.created_at),
            "legal_status": self.legal_status,
            "environment": self.environment,
            "actor_type": self.actor_type,
            "actor_id": _text_or_none(self.actor_id),
            "actor_label": self.actor_label,
            "actor_role": self.actor_role,
            "ip_commitment": self.ip_commitment,
            "user_agent_commitment": self.user_agent_commitment,
            "fact_id": str(self.fact_id),
            "fact": self.fact,
            "document": self.document,
            "metadata": self.metadata,
        }
        check(content)
        return content


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of an envelope that `Envelope.as_json` made."""
    return rfc8785.dumps(content)


def data_hash(canonical: bytes) -> str:
    """Return the SHA-256 of the canonical bytes, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical).hexdigest()


def timestamp_text(moment: datetime) -> str:
    """Return an aware time as UTC with six decimals: `2026-11-20T08:42:11.000123Z`."""
    if moment.tzinfo is None:
        raise CanonicalError("created_at", "a time without a time zone names no moment")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def amount_text(amount: Decimal) -> str:
    """Return the one spelling of an amount: `11500`, `0.5`, `-12.25`; no exponent, no idle zero.

    Raises CanonicalError on NaN and infinities.
    """
    if not amount.is_finite():
        raise CanonicalError("amount", f"{amount} is no amount")
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def check(value: Any, path: str = "") -> None:
    """Refuse what has no single spelling or what jsonb cannot keep; raises CanonicalError."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise CanonicalError(path, f"{value} is not below 2^53; write it as a string")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise CanonicalError(path, f"the key {key!r} is no string")
            _check_text(key, path)
            check(item, f"{path}.{key}" if path else key)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        for index, item in enumerate(value):
            check(item, f"{path}[{index}]")
    else:
        raise CanonicalError(path, f"{type(value).__name__} has no single spelling; write it as a string")


def _check_text(text: str, path: str) -> None:
    if "\x00" in text:
        raise CanonicalError(path, "jsonb keeps no NUL character")
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError:
        raise CanonicalError(path, "half of a surrogate pair is no character") from None


def _text_or_none(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
