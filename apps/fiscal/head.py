"""What must be known to add a link, read in one question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from apps.fiscal.keys import Signer, signer
from apps.fiscal.models import FiscalEntry
from apps.socle.errors import BusinessError
from apps.socle.unit_of_work import know, once

_HEAD = """
select s.last_sequence_number, s.head_hash, s.last_fiscal_date, s.sealed_until, coalesce(nullif(t.legal_name, ''), t.name), t.time_zone,
  t.environment, k.key_id, k.public_key
from fiscal_fiscalsequence s
join organisations_tenant t on t.id = s.tenant_id
left join fiscal_fiscalkey k on k.tenant_id = s.tenant_id and k.retired_at is null
where s.tenant_id = %s
"""


@dataclass(frozen=True)
class HeadToExtend:
    """Where the chain stands, whose it is, and the key that signs what comes next."""

    number: int
    chain_hash: str
    day: date | None
    sealed_until: date | None
    tenant_name: str
    time_zone: str
    environment: str
    signer: Signer


def head_to_extend(tenant_id: UUID) -> HeadToExtend:
    """Return the head as `read_head_to_extend`, read once a command: links of one command wait together."""
    return once(_key(tenant_id), lambda: read_head_to_extend(tenant_id))


def extended(tenant_id: UUID, head: HeadToExtend, entry: FiscalEntry) -> None:
    """Let the next link of this command follow `entry`."""
    moved = replace(head, number=entry.sequence_number, chain_hash=entry.chain_hash, day=entry.fiscal_date)
    know(_key(tenant_id), moved)


def _key(tenant_id: UUID) -> tuple[str, UUID]:
    return "head of the chain", tenant_id


def read_head_to_extend(tenant_id: UUID) -> HeadToExtend:
    """Return the head of the tenant in scope, whose row the caller has locked.

    Raises BusinessError where there is no chain or no key, and MasterSecretError where the mounted
    secret is not the one that made the registered key.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, [tenant_id])
        row = cursor.fetchone()
    if row is None:
        raise BusinessError(_("Cet établissement n’a pas encore de chaîne fiscale."), code="chain-missing")
    *head, key_id, public_key = row
    if key_id is None:
        raise BusinessError(_("Cet établissement n’a pas de clé de signature."), code="signing-key-missing")
    return HeadToExtend(*head, signer=signer(tenant_id, key_id, bytes(public_key)))
