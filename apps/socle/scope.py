"""Which tenant we are working for: the first wall (managers) and the second (row level security).

`scope(tenant_id)` opens a transaction, or joins the one that is open, and tells PostgreSQL the
tenant for the rest of it (`set_config(…, true)`). Queries of scoped managers compile the tenant
in; without a scope they refuse to compile, `.exists()` and `.update()` included.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, models, transaction
from django.db.models.expressions import Expression

_current: ContextVar[uuid.UUID | None] = ContextVar("cauris_tenant", default=None)


class ScopeMissing(RuntimeError):
    """A query on tenants' data was about to run without saying whose."""


def current_scope() -> uuid.UUID | None:
    """Return the tenant in scope, or None."""
    return _current.get()


def require_scope() -> uuid.UUID:
    """Return the tenant in scope. Raises ScopeMissing when there is none."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise ScopeMissing("no tenant in scope: open one with `with scope(tenant_id):`")
    return tenant_id


def _tell_database(tenant_id: uuid.UUID | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('cauris.tenant', %s, true)", [str(tenant_id) if tenant_id else ""])


@contextmanager
def scope(tenant_id: uuid.UUID) -> Iterator[None]:
    """Work for `tenant_id` inside one transaction; the former scope, or none, returns afterwards.

    Where this leaves by an exception, the savepoint's rollback takes the setting back: asking
    PostgreSQL again would fail in its aborted transaction, and hide what went wrong.
    """
    former, joined = _current.get(), connection.in_atomic_block
    with transaction.atomic():
        token = _current.set(tenant_id)
        try:
            _tell_database(tenant_id)
            yield
        finally:
            _current.reset(token)
        if joined and not connection.needs_rollback:
            _tell_database(former)


def set_person(user_id: uuid.UUID | None) -> None:
    """Tell PostgreSQL which person acts, for policies of the kind `person`, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('cauris.user', %s, true)", [str(user_id) if user_id else ""])


class CurrentTenant(Expression):
    """The tenant in scope at the moment the SQL is compiled, not when the queryset was written.

    So a form or an admin class may name `Model.objects` at import, and still nothing runs unscoped.
    """

    def __init__(self) -> None:
        super().__init__(output_field=models.UUIDField())

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:
        return "%s", [require_scope()]

    def __repr__(self) -> str:
        return "CurrentTenant()"


class ScopedManager(models.Manager):
    """The default manager of every model that belongs to a tenant; `column` holds the tenant's id."""

    def __init__(self, column: str = "tenant_id") -> None:
        super().__init__()
        self.column = column

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(**{self.column: CurrentTenant()})
