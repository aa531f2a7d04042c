"""The legal invoice, whole and numbered from birth."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.facturation.choices import Direction, Environment, LegalStatus, PaidStatus, Status
from apps.facturation.transitions import INVOICE
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class Invoice(TenantOwned):
    """An issued invoice: its number, its parties as they stood that day, its totals.

    Amounts are in `currency`, at the precision that it can pay. `rounding` (signed) is the part of
    the total that comes from the tenant's cash rounding; it has its own line and is counted in
    `total_ht`. Sources: facturation-fiscal.md and assurance.md, `invoices`.
    """

    tiers = TenantForeignKey("organisations.Tiers", related_name="invoices", verbose_name=_("tiers"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("émise par")
    )
    acteur_kind = models.CharField(_("genre d’acteur"), max_length=10)
    acteur_label = models.CharField(_("acteur"), max_length=255)
    environment = models.CharField(_("environnement"), max_length=10, choices=Environment)
    external_id = models.CharField(_("référence externe"), max_length=100, blank=True)
    invoice_number = models.CharField(_("numéro"), max_length=50)
    direction = models.CharField(_("sens"), max_length=10, choices=Direction, default=Direction.OUTGOING)
    issue_date = models.DateField(_("date d’émission"))
    due_date = models.DateField(_("échéance"), null=True)
    currency = CurrencyField(_("devise"))
    total_ht = MoneyField(_("total HT"))
    total_tax = MoneyField(_("total TVA"))
    rounding = MoneyField(_("arrondi"), default=0)
    total_ttc = MoneyField(_("total TTC"))
    line_count = models.PositiveIntegerField(_("nombre de lignes"))
    amount_paid = MoneyField(_("montant payé"), default=0)
    seller_name = models.CharField(_("vendeur"), max_length=255)
    seller_address = models.TextField(_("adresse du vendeur"), blank=True)
    seller_phone = models.CharField(_("téléphone du vendeur"), max_length=20, blank=True)
    seller_siret = models.CharField(_("SIRET du vendeur"), max_length=14, blank=True)
    seller_vat_number = models.CharField(_("numéro de TVA du vendeur"), max_length=30, blank=True)
    seller_niu = models.CharField(_("NIU du vendeur"), max_length=20, blank=True)
    seller_rccm = models.CharField(_("RCCM du vendeur"), max_length=40, blank=True)
    buyer_name = models.CharField(_("acheteur"), max_length=255)
    buyer_identifier = models.CharField(_("numéro de l’acheteur"), max_length=50, blank=True)
    buyer_address = models.TextField(_("adresse de l’acheteur"), blank=True)
    buyer_tax_id = models.CharField(_("numéro fiscal de l’acheteur"), max_length=30, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    metadata = models.JSONField(_("origine"), default=dict, encoder=DjangoJSONEncoder)
    legal_status = models.CharField(_("statut légal"), max_length=20, choices=LegalStatus, default=LegalStatus.FISCAL)
    status = models.CharField(_("état"), max_length=10, choices=Status, default=Status.ISSUED)
    paid_status = models.CharField(_("paiement"), max_length=10, choices=PaidStatus, default=PaidStatus.PENDING)
    paid_at = models.DateTimeField(_("payée le"), null=True)
    created_at = models.DateTimeField(_("créée le"), default=now, editable=False)
    updated_at = models.DateTimeField(_("modifiée le"), default=now, editable=False)

    protection = Protection(
        living=("status", "paid_status", "paid_at", "amount_paid", "updated_at"), state="status", transitions=INVOICE
    )

    class Meta:
        verbose_name = _("facture")
        verbose_name_plural = _("factures")
        ordering = ["-issue_date", "-invoice_number"]
        indexes = [
            models.Index(fields=["tenant", "tiers"], name="facturation_invoice_tiers"),
            models.Index(fields=["tenant", "issue_date"], name="facturation_invoice_date"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "invoice_number"],
                name="facturation_invoice_number",
                violation_error_message=_("Ce numéro de facture existe déjà."),
                violation_error_code="invoice-number-taken",
            ),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~Q(external_id=""),
                name="facturation_invoice_external",
                violation_error_message=_("Une facture porte déjà cette référence externe."),
                violation_error_code="external-id-taken",
            ),
            INVOICE.check_constraint("facturation_invoice_status"),
            models.CheckConstraint(
                condition=Q(direction__in=Direction.values, environment__in=Environment.values)
                & Q(legal_status__in=LegalStatus.values),
                name="facturation_invoice_words",
                violation_error_message=_("Sens, environnement ou statut légal inconnu."),
                violation_error_code="invoice-word-unknown",
            ),
            models.CheckConstraint(
                condition=Q(total_ttc=F("total_ht") + F("total_tax")),
                name="facturation_invoice_total",
                violation_error_message=_("Le total TTC n’est pas la somme du HT et de la TVA."),
                violation_error_code="invoice-total-wrong",
            ),
            models.CheckConstraint(
                condition=Q(total_ht__gte=0, total_tax__gte=0),
                name="facturation_invoice_positive",
                violation_error_message=_("Une facture ne peut être négative : établissez une facture d’avoir."),
                violation_error_code="invoice-negative",
            ),
            models.CheckConstraint(
                condition=Q(amount_paid__gte=0, amount_paid__lte=F("total_ttc")),
                name="facturation_invoice_paid",
                violation_error_message=_("Le montant payé dépasse le total de la facture."),
                violation_error_code="payment-exceeds-invoice",
            ),
            models.CheckConstraint(
                condition=(
                    Q(paid_status=PaidStatus.COMPLETE, amount_paid=F("total_ttc"), status=Status.PAID)
                    & Q(paid_at__isnull=False)
                )
                | (
                    Q(paid_status=PaidStatus.PARTIAL, amount_paid__gt=0, amount_paid__lt=F("total_ttc"))
                    & Q(paid_at__isnull=True, status=Status.ISSUED)
                )
                | (
                    Q(paid_status=PaidStatus.PENDING, amount_paid=0, total_ttc__gt=0)
                    & Q(paid_at__isnull=True, status=Status.ISSUED)
                ),
                name="facturation_invoice_paid_status",
                violation_error_message=_("L’état du paiement ne correspond pas au montant payé."),
                violation_error_code="paid-status-wrong",
            ),
            models.CheckConstraint(
                condition=Q(due_date__isnull=True) | Q(due_date__gte=F("issue_date")),
                name="facturation_invoice_due",
                violation_error_message=_("L’échéance précède l’émission."),
                violation_error_code="due-date-too-early",
            ),
            models.CheckConstraint(
                condition=Q(line_count__gte=1),
                name="facturation_invoice_not_empty",
                violation_error_message=_("Une facture a au moins une ligne."),
                violation_error_code="invoice-empty",
            ),
            exact_amounts(
                "facturation_invoice_precision",
                "total_ht",
                "total_tax",
                "rounding",
                "total_ttc",
                "amount_paid",
                currency="currency",
            ),
        ]

    def __str__(self) -> str:
        return self.invoice_number

    @property
    def balance_due(self) -> Decimal:
        """What remains to be paid, in `currency`."""
        return self.total_ttc - self.amount_paid

    @property
    def is_zero(self) -> bool:
        return self.total_ttc == 0
