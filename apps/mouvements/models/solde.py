"""What a third party owes us, kept by the database."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantForeignKey, TenantOwned
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class SoldeTiers(TenantOwned):
    """The balance of one third party in one currency: above zero it owes us.

    A trigger on the movements keeps `montant_actuel` (the sum of its movements on top of
    `montant_initial`); nobody else writes here. Source: mouvements.md, `Solde_Tiers`.
    """

    tiers = TenantForeignKey("organisations.Tiers", related_name="soldes", verbose_name=_("tiers"))
    devise = CurrencyField(_("devise"))
    montant_initial = MoneyField(_("montant initial"), default=0)
    montant_actuel = MoneyField(_("montant actuel"))
    date_derniere_mise_a_jour = models.DateTimeField(_("mis à jour le"))

    protection = Protection(living=("montant_actuel", "date_derniere_mise_a_jour"), runtime="select")

    class Meta:
        verbose_name = _("solde de tiers")
        verbose_name_plural = _("soldes de tiers")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "tiers", "devise"],
                name="mouvements_solde_unique",
                violation_error_message=_("Ce tiers a déjà un solde dans cette devise."),
                violation_error_code="balance-taken",
            ),
            exact_amounts("mouvements_solde_precision", "montant_initial", "montant_actuel", currency="devise"),
        ]

    @property
    def valeur(self) -> Decimal:
        """The balance without its sign: whoever owes it."""
        return abs(self.montant_actuel)

    def __str__(self) -> str:
        return f"{self.tiers_id} {self.devise}"
