"""Give a tenant its signing key and its empty chain."""

from __future__ import annotations

from django.db import connection

from apps.fiscal import crypto
from apps.fiscal.keys import derive
from apps.fiscal.models import FiscalKey, FiscalSequence
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.commands import command
from apps.socle.fields import uuid7
from apps.socle.scope import require_scope

FIRST_KEY = "k1"


@command
def open_chain(*, acteur: Acteur) -> FiscalSequence:
    """Open the chain of the tenant in scope: key `k1` and a head at the genesis hash.

    Done once: an open chain is returned as it is. Raises MasterSecretError without a mounted secret.
    """
    opened = FiscalSequence.objects.first()
    if opened is not None:
        return opened
    tenant_id = require_scope()
    FiscalKey.objects.create(key_id=FIRST_KEY, public_key=crypto.public_bytes(derive(tenant_id, FIRST_KEY)))
    with connection.cursor() as cursor:
        cursor.execute("select fiscal_open_chain(%s, %s, %s)", [uuid7(), tenant_id, now()])
    return FiscalSequence.objects.get()
