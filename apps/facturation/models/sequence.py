"""The numbers of invoices, without gaps."""

from __future__ import annotations

import re

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.facturation.choices import FormatType, SequenceStatus
from apps.organisations.base import TenantOwned
from apps.socle.clock import now

_DIGITS = re.compile(r"N+")


class InvoiceSequence(TenantOwned):
    """The next number of a tenant's year (or month): `prefix`, `format` and `suffix` make it FAC-2026-00001.

    A trigger lets `next_number` move by one only and freezes the format once a number is taken.
    Source: facturation-fiscal.md, `invoice_sequences`.
    """

    year = models.PositiveSmallIntegerField(_("année"))
    month = models.PositiveSmallIntegerField(_("mois"), null=True, blank=True)
    next_number = models.PositiveIntegerField(_("prochain numéro"), default=1)
    prefix = models.CharField(_("préfixe"), max_length=20, blank=True)
    suffix = models.CharField(_("suffixe"), max_length=20, blank=True)
    format = models.CharField(_("format"), max_length=30, default="YYYY-NNNNN")
    format_type = models.CharField(
        _("genre de format"), max_length=12, choices=FormatType, default=FormatType.ALPHANUMERIC
    )
    total_created = models.PositiveIntegerField(_("factures créées"), default=0)
    status = models.CharField(_("état"), max_length=10, choices=SequenceStatus, default=SequenceStatus.ACTIVE)
    created_at = models.DateTimeField(_("créée le"), default=now, editable=False)
    updated_at = models.DateTimeField(_("modifiée le"), default=now, editable=False)

    class Meta:
        verbose_name = _("séquence de factures")
        verbose_name_plural = _("séquences de factures")
        ordering = ["-year", "-month"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "year", "month"],
                nulls_distinct=False,
                name="facturation_sequence_unique",
                violation_error_message=_("Cette période a déjà sa séquence."),
                violation_error_code="sequence-taken",
            ),
            models.CheckConstraint(
                condition=Q(next_number__gte=1) & (Q(month__isnull=True) | Q(month__gte=1, month__lte=12)),
                name="facturation_sequence_range",
                violation_error_message=_("Le prochain numéro commence à 1, le mois va de 1 à 12."),
                violation_error_code="sequence-out-of-range",
            ),
            models.CheckConstraint(
                condition=Q(format__regex=r"^[^N]*N+[^N]*$"),
                name="facturation_sequence_format",
                violation_error_message=_("Le format doit contenir une suite de N, par exemple YYYY-NNNNN."),
                violation_error_code="sequence-format-invalid",
            ),
            models.CheckConstraint(
                condition=Q(status__in=SequenceStatus.values, format_type__in=FormatType.values),
                name="facturation_sequence_words",
                violation_error_message=_("État ou genre de format inconnu."),
                violation_error_code="sequence-word-unknown",
            ),
        ]

    def __str__(self) -> str:
        return self.number(self.next_number)

    def number(self, value: int) -> str:
        """Return the number `value` as it is printed."""
        text = self.format.replace("YYYY", f"{self.year:04d}").replace("MM", f"{self.month or 0:02d}")
        digits = _DIGITS.sub(lambda match: f"{value:0{len(match.group())}d}", text)
        return f"{self.prefix}{digits}{self.suffix}"
