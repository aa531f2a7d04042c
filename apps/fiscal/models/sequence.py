"""The head of a tenant's chain."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned
from apps.socle.immutability import Protection


class FiscalSequence(TenantOwned):
    """Where the chain stands: last number, last hash, last day, and the last day that is sealed. One row a tenant.

    Only the trigger on `FiscalEntry` moves it, by one (`sql/10_entry.sql`), and that on `FiscalClosing`, by a day
    (`sql/30_closing.sql`); the runtime role reads it.
    Source: facturation-fiscal.md, `fiscal_sequences`.
    """

    last_sequence_number = models.BigIntegerField(_("dernier numéro"), default=0)
    head_hash = models.CharField(_("empreinte de tête"), max_length=64)
    last_sequence_date = models.DateTimeField(_("dernier maillon le"))
    last_fiscal_date = models.DateField(_("dernier jour fiscal"), null=True)
    sealed_until = models.DateField(_("jours scellés jusqu’au"), null=True)
    lock_version = models.BigIntegerField(_("version"), default=0)

    protection = Protection(
        runtime="select",
        living=(
            "last_sequence_number",
            "head_hash",
            "last_sequence_date",
            "last_fiscal_date",
            "sealed_until",
            "lock_version",
        ),
    )

    class Meta:
        verbose_name = _("tête de chaîne")
        verbose_name_plural = _("têtes de chaîne")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                name="fiscal_sequence_one",
                violation_error_message=_("La chaîne de cet établissement est déjà ouverte."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.last_sequence_number} {self.head_hash[:12]}"
