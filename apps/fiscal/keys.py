"""A tenant's signing keys: derived from the mounted secret, compared with what the database says."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.fiscal import crypto
from apps.fiscal.models import FiscalKey

Keys = dict[str, Ed25519PublicKey]
"""Public keys by their names."""


@dataclass(frozen=True)
class Signer:
    """The key that signs now, in memory only."""

    key_id: str
    private_key: Ed25519PrivateKey


def derive(tenant_id: UUID, key_id: str) -> Ed25519PrivateKey:
    """Derive a signing key from the mounted master secret; raises MasterSecretError."""
    return crypto.derive_signing_key(crypto.load_master_secret(settings.MASTER_SECRET_FILE), tenant_id, key_id)


def signer(tenant_id: UUID, key_id: str, public_key: bytes) -> Signer:
    """Return the key registered as `key_id`, ready to sign.

    Raises MasterSecretError where the mounted secret is not the one that made the registered key: a
    signature that nobody can check is worse than none.
    """
    private_key = derive(tenant_id, key_id)
    if crypto.public_bytes(private_key) != public_key:
        raise crypto.MasterSecretError(
            f"The mounted master secret did not make the key {key_id} of tenant {tenant_id}."
        )
    return Signer(key_id, private_key)


def genuine_keys(tenant_id: UUID) -> tuple[Keys, list[str]]:
    """Return the keys of the tenant in scope by their names, and the names of those that were replaced.

    A registered key is genuine when the mounted secret gives the same one: whoever can rewrite the
    whole database can register a key of their own. Raises MasterSecretError.
    """
    genuine, replaced = {}, []
    for row in FiscalKey.objects.only("key_id", "algorithm", "public_key").order_by("key_id"):
        derived = derive(tenant_id, row.key_id).public_key()
        if derived.public_bytes_raw() == bytes(row.public_key or b"") and row.algorithm == crypto.ALGORITHM:
            genuine[row.key_id] = derived
        else:
            replaced.append(row.key_id)
    return genuine, replaced
