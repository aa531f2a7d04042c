"""The last number given, per tenant, kind and year."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.fields import UUID7Field
from apps.socle.row_security import tenant_rows
from apps.socle.scope import ScopedManager


class Counter(models.Model):
    """A gap-free sequence: a trigger lets `last` move by one only, so no number is skipped or reused."""

    id = UUID7Field(primary_key=True)
    tenant_id = models.UUIDField()
    kind = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField()

    row_security = tenant_rows()
    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "kind", "year"],
                name="socle_counter_unique",
                violation_error_message=_("Ce compteur existe déjà."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}-{self.year}: {self.last}"
