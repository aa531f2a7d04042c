"""Who did what: one row a write (trail), one row a request that writes or is refused (log)."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.clock import now
from apps.socle.fields import UUID7Field
from apps.socle.immutability import Protection
from apps.socle.row_security import journal_rows, tenant_rows
from apps.socle.scope import ScopedManager


class AuditTrail(models.Model):
    """A write, recorded in its own transaction. Source: facturation-fiscal.md, `audit_trails`."""

    id = UUID7Field(primary_key=True)
    tenant_id = models.UUIDField()
    user_id = models.UUIDField(null=True)
    acteur_kind = models.CharField(max_length=10)
    acteur_label = models.CharField(max_length=255)
    action = models.CharField(max_length=60)
    model_type = models.CharField(max_length=100)
    model_id = models.UUIDField()
    old_values = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    new_values = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    reason = models.TextField(blank=True)
    ip_address = models.CharField(max_length=45, blank=True)
    user_agent = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)

    row_security = tenant_rows()
    protection = Protection(runtime="insert")
    objects = ScopedManager()

    class Meta:
        verbose_name = _("trace d’écriture")
        verbose_name_plural = _("traces d’écriture")
        indexes = [models.Index(fields=["tenant_id", "model_type", "model_id"], name="socle_trail_model_idx")]

    def __str__(self) -> str:
        return f"{self.action} {self.model_type}"


class AuditLog(models.Model):
    """A request that writes or is refused, bodies redacted. Source: assurance.md, `audit_logs`.

    Written after the request's transaction has ended, in one of its own, so that an attempt that
    rolled back is recorded all the same.
    """

    id = UUID7Field(primary_key=True)
    tenant_id = models.UUIDField(null=True)
    request_id = models.UUIDField()
    timestamp = models.DateTimeField(default=now)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    query_params = models.TextField(blank=True)
    user_id = models.UUIDField(null=True)
    user_role = models.CharField(max_length=100, blank=True)
    client_ip = models.CharField(max_length=45, blank=True)
    user_agent = models.TextField(blank=True)
    status_code = models.PositiveSmallIntegerField()
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(null=True)

    row_security = journal_rows()
    protection = Protection(runtime="insert")
    objects = ScopedManager()

    class Meta:
        verbose_name = _("requête journalisée")
        verbose_name_plural = _("requêtes journalisées")
        indexes = [models.Index(fields=["tenant_id", "timestamp"], name="socle_auditlog_time_idx")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status_code}"
