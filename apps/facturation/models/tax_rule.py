"""What the law of a country taxes, and what it exempts, from which day."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.socle.fields import UUID7Field
from apps.socle.immutability import Protection
from apps.socle.row_security import open_table


class TaxRule(models.Model):
    """One dated rule: a rate above zero, or the article that exempts.

    `category` is a type of revenue; blank stands for every other one. Rules are data that a
    migration brings, the same for all tenants of a country; a rule that ends keeps its row.
    """

    id = UUID7Field(primary_key=True)
    country = models.CharField(_("pays"), max_length=2)
    category = models.CharField(_("type de recette"), max_length=20, blank=True)
    valid_from = models.DateField(_("valable du"))
    valid_to = models.DateField(_("valable jusqu’au"), null=True, blank=True)
    rate = models.DecimalField(_("taux"), max_digits=5, decimal_places=2)
    exemption_article = models.CharField(_("article d’exonération"), max_length=255, blank=True)
    source = models.CharField(_("source"), max_length=255, blank=True)

    row_security = open_table("the law of a country is the same for all its tenants; holds no tenant's data")
    protection = Protection(living=("valid_to",), runtime="select")

    class Meta:
        verbose_name = _("règle de TVA")
        verbose_name_plural = _("règles de TVA")
        ordering = ["country", "category", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gt=0, rate__lt=100, exemption_article="") | (Q(rate=0) & ~Q(exemption_article="")),
                name="facturation_taxrule_rate",
                violation_error_message=_("Une règle donne un taux, ou l’article qui exonère."),
                violation_error_code="tax-rule-unclear",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="facturation_taxrule_dates",
                violation_error_message=_("Une règle ne peut finir avant d’avoir commencé."),
                violation_error_code="tax-rule-dates",
            ),
            ExclusionConstraint(
                name="facturation_taxrule_overlap",
                expressions=[
                    ("country", RangeOperators.EQUAL),
                    ("category", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_to"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Une autre règle vaut déjà à ces dates."),
                violation_error_code="tax-rule-overlap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.rate}"
