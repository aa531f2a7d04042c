"""The stored fact: what happened, once, for the ledger, the third party's account and the chain."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.clock import now
from apps.socle.fields import CurrencyField, UUID7Field
from apps.socle.immutability import Protection
from apps.socle.row_security import tenant_rows
from apps.socle.scope import ScopedManager


class Fait(models.Model):
    """One published fact. Movement, entry and link point at it; it points at its source loosely.

    `lines` is a list of {role, criteria, amount, label}, amounts as strings in `currency`.
    `snapshot` is the document as it stood, complete enough to rebuild it.
    """

    id = UUID7Field(primary_key=True)
    tenant_id = models.UUIDField()
    type = models.CharField(max_length=60)
    source_type = models.CharField(max_length=60)
    source_id = models.UUIDField()
    number = models.CharField(max_length=50, blank=True)
    date = models.DateField()
    currency = CurrencyField()
    lines = models.JSONField(encoder=DjangoJSONEncoder)
    tiers_id = models.UUIDField(null=True)
    tiers_label = models.CharField(max_length=255, blank=True)
    acteur_kind = models.CharField(max_length=10)
    acteur_id = models.UUIDField(null=True)
    acteur_label = models.CharField(max_length=255)
    key = models.CharField(max_length=120)
    snapshot = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=now)

    row_security = tenant_rows()
    protection = Protection(runtime="insert")
    objects = ScopedManager()
    tenant_pair_unique = True  # movement, entry and link point here with their tenant

    class Meta:
        verbose_name = _("fait")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "key"],
                name="socle_fait_key",
                violation_error_message=_("Ce fait est déjà publié."),
            ),
            models.UniqueConstraint(
                fields=["tenant_id", "type", "source_id"],
                name="socle_fait_source",
                violation_error_message=_("Ce document porte déjà ce fait."),
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "source_type", "source_id"], name="socle_fait_source_idx")]

    def __str__(self) -> str:
        return f"{self.type} {self.number}"
