"""What a money request has already done, so that asking twice does it once."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.clock import now
from apps.socle.fields import UUID7Field
from apps.socle.immutability import Protection
from apps.socle.row_security import tenant_rows
from apps.socle.scope import ScopedManager


class IdempotencyKey(models.Model):
    """Unique per tenant, principal and route; keeps the body's hash and the result's id, never the answer."""

    id = UUID7Field(primary_key=True)
    tenant_id = models.UUIDField()
    principal = models.CharField(max_length=60)
    route = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    result_id = models.UUIDField()
    created_at = models.DateTimeField(default=now)

    row_security = tenant_rows()
    protection = Protection(runtime="insert")
    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "principal", "route", "key"],
                name="socle_idempotency_unique",
                violation_error_message=_("Cette demande est déjà enregistrée."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
