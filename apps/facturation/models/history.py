"""What happened to an invoice, and who did it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.facturation.choices import HistoryAction, PaidStatus
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import MoneyField
from apps.socle.immutability import Protection


class InvoiceHistory(TenantOwned):
    """One step: states before and after, `stage` being how far it is paid. Source: assurance.md, `invoice_history`."""

    invoice = TenantForeignKey("facturation.Invoice", related_name="history", verbose_name=_("facture"))
    action = models.CharField(_("action"), max_length=50, choices=HistoryAction)
    previous_status = models.CharField(_("état précédent"), max_length=30, blank=True)
    new_status = models.CharField(_("nouvel état"), max_length=30)
    previous_stage = models.CharField(_("paiement précédent"), max_length=30, blank=True)
    new_stage = models.CharField(_("nouveau paiement"), max_length=30, choices=PaidStatus)
    amount = MoneyField(_("montant"), null=True)
    reference = models.CharField(_("référence"), max_length=100, blank=True)
    acteur = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("acteur")
    )
    acteur_kind = models.CharField(_("genre d’acteur"), max_length=10)
    acteur_label = models.CharField(_("acteur"), max_length=255)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("le"), default=now, editable=False)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("étape de facture")
        verbose_name_plural = _("étapes de facture")
        ordering = ["invoice", "created_at", "id"]
        indexes = [models.Index(fields=["tenant", "invoice"], name="facturation_history_invoice")]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=HistoryAction.values),
                name="facturation_history_action",
                violation_error_message=_("Cette action n’existe pas."),
                violation_error_code="history-action-unknown",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.reference}".strip()
