"""A verification of a tenant's chain, and what it found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.choices import ActorType, CheckStatus
from apps.organisations.base import TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection


class FiscalIntegrityCheck(TenantOwned):
    """The result of one verification, kept for good. Source: facturation-fiscal.md, `fiscal_integrity_checks`.

    `report` lists the first anomalies as {sequence_number, entity_number, code, message}.
    """

    check_date = models.DateField(_("jour"))
    entries_validated = models.BigIntegerField(_("maillons vérifiés"))
    chains_verified = models.IntegerField(_("chaînes vérifiées"), default=1)
    anomalies_found = models.BigIntegerField(_("anomalies"), default=0)
    status = models.CharField(_("résultat"), max_length=10, choices=CheckStatus.choices)
    report = models.JSONField(_("rapport"), default=list)
    head_sequence_number = models.BigIntegerField(_("dernier maillon"))
    head_hash = models.CharField(_("empreinte de tête"), max_length=64, blank=True)
    duration_ms = models.BigIntegerField(_("durée (ms)"))
    actor_type = models.CharField(_("type d’acteur"), max_length=10, choices=ActorType.choices)
    actor_id = models.UUIDField(_("acteur"), null=True)
    actor_label = models.CharField(_("demandée par"), max_length=255)
    created_at = models.DateTimeField(_("terminée le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("vérification de la chaîne")
        verbose_name_plural = _("vérifications de la chaîne")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="fiscal_check_status",
                condition=models.Q(status=CheckStatus.FAILED, anomalies_found__gt=0)
                | models.Q(status__in=[CheckStatus.PASSED, CheckStatus.WARNING], anomalies_found=0),
                violation_error_message=_("Une vérification avec anomalie n’est pas conforme."),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="fiscal_check_latest_idx"),
            models.Index(
                fields=["tenant", "created_at"],
                name="fiscal_check_failed_idx",
                condition=models.Q(status=CheckStatus.FAILED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.status}"

    @property
    def holds(self) -> bool:
        return self.status != CheckStatus.FAILED

    @property
    def first_sequence_number(self) -> int:
        """The link where a verification that holds began: above 1 when it went on from a checkpoint."""
        return self.head_sequence_number - self.entries_validated + 1

    @property
    def is_older_copy(self) -> bool:
        """Whether a head outside is newer than this database: there may be a newer copy of it."""
        return any(item.get("code") == "older-than-anchor" for item in self.report)

    @property
    def first_anomaly(self) -> dict[str, object] | None:
        """The first broken link, as the verifier named it."""
        return self.report[0] if self.report else None
