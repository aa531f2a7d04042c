"""What a person said to a verification that failed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.models.integrity_check import FiscalIntegrityCheck
from apps.organisations.base import TenantOneToOneField, TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection


class FiscalIntegrityAnswer(TenantOwned):
    """A person's answer to one failed verification, kept for good.

    It says that somebody knows and why; it mends nothing: the next failed verification is red
    again. `sql/50_answer.sql` refuses an answer to a verification that did not fail.
    """

    failure = TenantOneToOneField(FiscalIntegrityCheck, related_name="answer", verbose_name=_("vérification"))
    reason = models.TextField(_("motif"))
    actor_id = models.UUIDField(_("acteur"))
    actor_label = models.CharField(_("par"), max_length=255)
    actor_role = models.CharField(_("rôle"), max_length=30)
    created_at = models.DateTimeField(_("répondu le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("réponse à une vérification")
        verbose_name_plural = _("réponses aux vérifications")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="fiscal_answer_reason",
                condition=models.Q(reason__regex=r"\S"),
                violation_error_message=_("Une réponse dit pourquoi."),
            ),
        ]
        permissions = [("answer_failure", _("Peut répondre d’une vérification en échec"))]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.actor_label}"
