"""`@command`: the shape that every service has.

One transaction: lock the tenant, do the work, ask the deferred constraints while there is still
somebody to answer to, and turn a refusal of the database into a French sentence.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.socle.actors import Acteur
from apps.socle.errors import BusinessError, from_integrity_error
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import current, unit_of_work

P = ParamSpec("P")
R = TypeVar("R")

NUMERIC_OVERFLOW = "22003"  # an amount, or a sum that a trigger keeps, larger than its column


class OtherTenant(RuntimeError):
    """A command of one tenant called a command of another, whose row is not locked."""


def command(service: Callable[P, R]) -> Callable[P, R]:
    """Make `service` a command.

    It must take keyword arguments only, `acteur` among them. It runs in a savepoint, in scope,
    with the tenant's row locked first (the house's lock order). Nested commands join the outermost
    one, which alone has a savepoint, writes what waits and checks the deferred constraints: where a
    nested one refuses, all of it is undone. A command that goes on afterwards wraps its parts in
    `unit_of_work.step`.

    Raises ScopeMissing without a scope, OtherTenant when nested in another tenant's, BusinessError where a rule or a declared constraint
    refuses, and lets any other error rise; in each case nothing was written.
    """
    signature = inspect.signature(service)
    if any(p.kind is not p.KEYWORD_ONLY for p in signature.parameters.values()) or "acteur" not in signature.parameters:
        raise TypeError(f"{service.__qualname__}: a command takes keyword arguments only, `acteur` among them")

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not isinstance(cast(Any, kwargs).get("acteur"), Acteur):
            raise TypeError(f"{service.__qualname__}: `acteur` is missing")
        outermost = current()
        if outermost is None:
            return _outermost(functools.partial(service, *args, **kwargs))
        if outermost.tenant_id != require_scope():
            raise OtherTenant(f"{service.__qualname__}: each tenant's command is a transaction of its own")
        with transaction.atomic(savepoint=False):
            return service(*args, **kwargs)

    run.is_command = True  # type: ignore[attr-defined]
    return run


def _outermost(work: Callable[[], R]) -> R:
    try:
        with unit_of_work(require_scope()) as unit, transaction.atomic():
            lock_tenant()
            result = work()
            unit.write()
            check_deferred_constraints()
            return result
    except IntegrityError as error:
        said = from_integrity_error(error)
        if said is None:
            raise
        raise said from error
    except DataError as error:
        if getattr(error.__cause__, "sqlstate", "") != NUMERIC_OVERFLOW:
            raise
        raise BusinessError(_("Ce montant est trop grand."), code="amount-too-large") from error


def lock_tenant() -> None:
    """Lock the tenant's row until the transaction ends; commands of one tenant run one by one.

    Locking the chain's head last deadlocked two transactions of three under load; locking this
    row first, none. An unscoped or unknown tenant locks nothing, silently: the count is checked.
    """
    tenant_id = require_scope()
    with connection.cursor() as cursor:
        cursor.execute("select 1 from socle_tenantregistry where tenant_id = %s for no key update", [tenant_id])
        if cursor.fetchone() is None:
            raise LookupError(f"tenant {tenant_id} is not in the registry")


def check_deferred_constraints() -> None:
    """Run the deferred constraints now, then defer them again for whatever follows.

    Left immediate, the next command of the same transaction would fail half-way through its work.
    """
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
