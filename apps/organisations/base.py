"""What every row that belongs to a tenant has in common."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.fields import UUID7Field
from apps.socle.row_security import tenant_rows
from apps.socle.scope import ScopedManager, require_scope


class TenantForeignKey(models.ForeignKey):
    """A key from one tenant's row to another row of the same tenant.

    Key checks bypass row level security, so a plain key would accept another tenant's row. The
    installer adds (tenant_id, key) → (tenant_id, id) instead; Django's own constraint is left out.
    """

    carries_tenant = True

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class TenantOneToOneField(models.OneToOneField):
    """The same, one to one."""

    carries_tenant = True

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class TenantOwned(models.Model):
    """A row of one tenant: scoped by default, closed by row level security, keyed with its tenant."""

    id = UUID7Field(primary_key=True)
    tenant = models.ForeignKey(
        "organisations.Tenant", models.PROTECT, editable=False, related_name="+", verbose_name=_("établissement")
    )

    objects = ScopedManager()

    row_security = tenant_rows()
    tenant_pair_unique = True

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.tenant_id is None:
            self.tenant_id = require_scope()
        super().save(*args, **kwargs)
