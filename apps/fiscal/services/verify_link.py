"""Verify one link of the tenant in scope and its hold on the one before, writing nothing."""

from __future__ import annotations

from django.db import transaction

from apps.fiscal.keys import genuine_keys
from apps.fiscal.stored_links import read_links
from apps.fiscal.verification import Anomaly, ChainReader
from apps.socle.scope import require_scope


def verify_link(*, sequence_number: int) -> tuple[Anomaly, ...]:
    """Return what is wrong with this link: content, hashes, signature, hold on the link before it.

    It tells nothing of the rest of the chain. Raises MasterSecretError when the secret cannot be read.
    """
    tenant_id = require_scope()
    with transaction.atomic():
        keys, _replaced = genuine_keys(tenant_id)
        reader = ChainReader(tenant_id, keys)
        links = [link for batch in read_links(tenant_id, sequence_number, sequence_number - 1) for link in batch]
    for link in links:
        if link.sequence_number < sequence_number:
            reader.follow(link)
    found = [anomaly for link in links if link.sequence_number == sequence_number for anomaly in reader.read(link)]
    return tuple(found)
