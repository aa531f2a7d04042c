"""Hashes, keys and signatures of the chain, each under a label of its own.

Every hash starts with a label that ends in a NUL byte and goes on with fields of fixed length or
ended by a NUL (only the last may run free), so that no two inputs share an encoding and no hash
can be taken for another kind. Signing keys are derived from the mounted master secret and exist in memory only.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHM = "rfc8785+sha256+ed25519"
GENESIS_LABEL = b"cauris/genesis/v1\x00"
CHAIN_LABEL = b"cauris/chain/v1\x00"
CLOSING_GENESIS_LABEL = b"cauris/closing-genesis/v1\x00"
CLOSING_LABEL = b"cauris/closing/v1\x00"
COMMITMENT_LABEL = b"cauris/commitment/v1\x00"
SIGNING_KEY_LABEL = b"cauris/signing-key/v1\x00"
MASTER_SECRET_BYTES = 32
SALT_BYTES = 32


class MasterSecretError(RuntimeError):
    """The mounted master secret is missing or is not 32 bytes in hexadecimal."""


def load_master_secret(path: Path) -> bytes:
    """Return the 32 bytes written in hexadecimal in the mounted file; raises MasterSecretError."""
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise MasterSecretError(f"The master secret cannot be read from {path}: {type(error).__name__}.") from error
    if len(secret) != MASTER_SECRET_BYTES:
        raise MasterSecretError(f"The master secret in {path} is not {MASTER_SECRET_BYTES} bytes in hexadecimal.")
    return secret


def derive_signing_key(master_secret: bytes, tenant_id: UUID, key_id: str) -> Ed25519PrivateKey:
    """Derive a tenant's signing key: HKDF-SHA256 (RFC 5869) without salt, its 32 bytes an Ed25519 seed."""
    info = SIGNING_KEY_LABEL + tenant_id.bytes + key_id.encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master_secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a public key's 32 bytes, for people to compare."""
    return hashlib.sha256(public_key).hexdigest()


def genesis_hash(tenant_id: UUID) -> str:
    """Return what the first link of a tenant names as the link before it."""
    return hashlib.sha256(GENESIS_LABEL + tenant_id.bytes).hexdigest()


def chain_hash(sequence_number: int, previous_hash: str, data_hash: str) -> str:
    """Return the hash that binds a link's content, its place and every link before it.

    The hashes are 64 hexadecimal digits; raises ValueError when one is not.
    """
    previous, data = bytes.fromhex(previous_hash), bytes.fromhex(data_hash)
    if len(previous) != 32 or len(data) != 32:
        raise ValueError("A hash of the chain is 32 bytes.")
    return hashlib.sha256(CHAIN_LABEL + sequence_number.to_bytes(8, "big") + previous + data).hexdigest()


def closing_genesis_hash(tenant_id: UUID) -> str:
    """Return what the first closing of a tenant names as the closing before it."""
    return hashlib.sha256(CLOSING_GENESIS_LABEL + tenant_id.bytes).hexdigest()


def closing_hash(previous_closing_hash: str, data_hash: str) -> str:
    """Return the hash that binds a closing's content and every closing before it.

    The hashes are 64 hexadecimal digits; raises ValueError when one is not.
    """
    previous, data = bytes.fromhex(previous_closing_hash), bytes.fromhex(data_hash)
    if len(previous) != 32 or len(data) != 32:
        raise ValueError("A hash of the chain is 32 bytes.")
    return hashlib.sha256(CLOSING_LABEL + previous + data).hexdigest()


def sign(key: Ed25519PrivateKey, chain_hash: str) -> bytes:
    """Return the 64 bytes of the signature over the 32 bytes of a link's hash, or of a closing's."""
    return key.sign(bytes.fromhex(chain_hash))


def signature_holds(public_key: Ed25519PublicKey, chain_hash: str, signature: bytes) -> bool:
    """Tell whether the signature over this chain hash was made by this key."""
    try:
        public_key.verify(signature, bytes.fromhex(chain_hash))
    except (InvalidSignature, ValueError):
        return False
    return True


def new_salt() -> bytes:
    """Return a salt that makes a commitment to a guessable text (an address) unguessable."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(name: str, salt: bytes, text: str) -> str:
    """Commit to a text that may have to be erased: with text and salt gone, nothing can be told.

    `name` says what is committed (`ip_address`), so that two commitments are never exchanged.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"The salt of a commitment is {SALT_BYTES} bytes.")
    return hashlib.sha256(COMMITMENT_LABEL + name.encode("ascii") + b"\x00" + salt + text.encode()).hexdigest()
