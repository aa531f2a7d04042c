"""One anchored head, as it is written outside: its bytes, its signature, how it is read back.

The format is in `docs/fiscal-format.md`. This module knows neither Django nor the database.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from apps.fiscal.canonical import LARGEST_INTEGER

VERSION = 1
LABEL = b"cauris/anchor/v1\x00"
FIRST_LINE = "0" * 64
"""What the first line of a file names as the line before it."""
SIGNED = (
    "version",
    "tenant_id",
    "tenant",
    "sequence_number",
    "chain_hash",
    "closing_type",
    "closing_date",
    "closing_hash",
    "fiscal_date",
    "anchored_at",
    "key_id",
)
_HEX = re.compile(r"[0-9a-f]{64}")


class UnreadableLine(ValueError):
    """These bytes are no anchor line: torn by a crash, or written by somebody else."""


@dataclass(frozen=True)
class Head:
    """An anchored head as it was read; `signature` is hexadecimal, `content` what it covers."""

    tenant_id: UUID
    sequence_number: int
    chain_hash: str
    closing_type: str | None
    closing_date: str | None
    closing_hash: str | None
    anchored_at: str
    key_id: str
    signature: str
    previous_line_hash: str | None
    content: Mapping[str, Any]

    @property
    def place(self) -> tuple[int, str]:
        """The link's number and the chain hash that it must have there."""
        return self.sequence_number, self.chain_hash

    def signature_holds(self, keys: Mapping[str, Ed25519PublicKey]) -> bool:
        """Tell whether one of the tenant's genuine `keys` signed this head."""
        key = keys.get(self.key_id)
        if key is None:
            return False
        try:
            key.verify(bytes.fromhex(self.signature), digest(self.content))
        except (InvalidSignature, ValueError):
            return False
        return True


def digest(content: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that are signed: label and RFC 8785 of the line without signature and previous hash."""
    return hashlib.sha256(LABEL + rfc8785.dumps({name: content[name] for name in SIGNED})).digest()


def signed_line(content: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """Return the signed line in RFC 8785 form, without the hash that ties it to a file."""
    return rfc8785.dumps({**content, "signature": key.sign(digest(content)).hex()}).decode()


def in_file(line: str, previous_line_hash: str) -> bytes:
    """Return the bytes of a signed line in a file, without line feed, bound to the line before it."""
    return rfc8785.dumps({**json.loads(line), "previous_line_hash": previous_line_hash})


def line_hash(line: bytes) -> str:
    """Return the SHA-256 of a line's bytes, its line feed not among them."""
    return hashlib.sha256(line).hexdigest()


def read(line: bytes | str) -> Head:
    """Read a line of a file, an object or an e-mail. Raises UnreadableLine."""
    try:
        found = json.loads(line)
        content = {name: found[name] for name in SIGNED}
        number, chain_hash = content["sequence_number"], content["chain_hash"]
        if content["version"] != VERSION or type(number) is not int or not 0 < number <= LARGEST_INTEGER:
            raise UnreadableLine("unknown version or number")
        if not _HEX.fullmatch(chain_hash):
            raise UnreadableLine("no chain hash")
        return Head(
            tenant_id=UUID(content["tenant_id"]),
            sequence_number=number,
            chain_hash=chain_hash,
            closing_type=content["closing_type"],
            closing_date=content["closing_date"],
            closing_hash=content["closing_hash"],
            anchored_at=str(content["anchored_at"]),
            key_id=str(content["key_id"]),
            signature=str(found["signature"]),
            previous_line_hash=found.get("previous_line_hash"),
            content=content,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLine(str(error)) from error
