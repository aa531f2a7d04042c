"""The journals."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.comptabilite.grand_livre.choices import TypeJournal
from apps.organisations.base import TenantForeignKey, TenantOwned


class Journal(TenantOwned):
    """A journal: sales, cash, bank, mobile money, purchases, others. Source: comptabilite.md, `journal`."""

    code = models.CharField(_("code"), max_length=10)
    libelle = models.CharField(_("libellé"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    type = models.CharField(_("type"), max_length=10, choices=TypeJournal)
    actif = models.BooleanField(_("actif"), default=True)
    compte_contrepartie = TenantForeignKey(
        "comptabilite.CompteComptable",
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("compte de contrepartie"),
    )

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journaux")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="comptabilite_journal_code",
                violation_error_message=_("Ce code désigne déjà un journal."),
            ),
            models.CheckConstraint(
                condition=models.Q(type__in=TypeJournal.values),
                name="comptabilite_journal_type",
                violation_error_message=_("Ce type de journal n’existe pas."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.libelle}"
