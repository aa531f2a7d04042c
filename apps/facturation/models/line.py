"""A line of an issued invoice, its rate or its exemption frozen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.facturation.choices import ROUNDING
from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class InvoiceLine(TenantOwned):
    """What was sold, at the price that was asked; nothing of it ever changes.

    `unit_price` is the price at the till, tax included; `total_ht` and `tax_amount` are derived
    from it. A line bears a rate above zero or the text of its exemption, never both. The line of
    category ARRONDI carries the cash rounding and alone may be negative.
    Sources: facturation-fiscal.md, `invoice_lines`; assurance.md, `invoice_items`.
    """

    invoice = TenantForeignKey("facturation.Invoice", related_name="lines", verbose_name=_("facture"))
    position = models.PositiveIntegerField(_("rang"))
    category = models.CharField(_("type de recette"), max_length=20)
    code = models.CharField(_("code"), max_length=40, blank=True)
    service_code = models.CharField(_("service"), max_length=40, blank=True)
    description = models.TextField(_("libellé"))
    quantity = models.DecimalField(_("quantité"), max_digits=14, decimal_places=4)
    unit_price = MoneyField(_("prix unitaire TTC"))
    total_ht = MoneyField(_("total HT"))
    tax_rate = models.DecimalField(_("taux de TVA"), max_digits=5, decimal_places=2)
    exemption = models.CharField(_("exonération"), max_length=255, blank=True)
    tax_amount = MoneyField(_("TVA"))
    total_ttc = MoneyField(_("total TTC"))
    currency = CurrencyField(_("devise"))
    created_at = models.DateTimeField(_("créée le"), default=now, editable=False)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("ligne de facture")
        verbose_name_plural = _("lignes de facture")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "invoice", "position"],
                name="facturation_line_position",
                violation_error_message=_("Deux lignes ont le même rang."),
                violation_error_code="line-position-taken",
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, quantity__gt=0),
                name="facturation_line_quantity",
                violation_error_message=_("La quantité doit être supérieure à zéro."),
                violation_error_code="quantity-not-positive",
            ),
            models.CheckConstraint(
                condition=Q(category=ROUNDING, tax_amount=0) | Q(unit_price__gte=0, total_ht__gte=0, tax_amount__gte=0),
                name="facturation_line_positive",
                violation_error_message=_("Le prix d’une ligne ne peut être négatif."),
                violation_error_code="price-negative",
            ),
            models.CheckConstraint(
                condition=Q(total_ttc=F("total_ht") + F("tax_amount")),
                name="facturation_line_total",
                violation_error_message=_("Le total TTC d’une ligne n’est pas la somme du HT et de la TVA."),
                violation_error_code="line-total-wrong",
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__gt=0, tax_rate__lt=100, exemption="")
                | (Q(tax_rate=0, tax_amount=0) & ~Q(exemption="")),
                name="facturation_line_tax",
                violation_error_message=_("Une ligne porte un taux de TVA ou le motif de son exonération."),
                violation_error_code="line-tax-unclear",
            ),
            exact_amounts("facturation_line_precision", "total_ht", "tax_amount", "total_ttc", currency="currency"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"

    @property
    def is_rounding(self) -> bool:
        return self.category == ROUNDING

    @property
    def is_exempt(self) -> bool:
        return not self.tax_rate
