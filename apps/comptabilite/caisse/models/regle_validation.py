"""The rule under which the system validates, set and seen by the accountant."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned
from apps.socle.clock import now
from apps.socle.fields import CurrencyField, MoneyField, exact_amounts
from apps.socle.immutability import Protection


class RegleValidation(TenantOwned):
    """One version of the rule; the latest is in force, none is ever changed.

    Active, it lets the system validate, at collection only, an invoice whose every line is at
    tariff, which was never rejected and which does not exceed `plafond` (in `devise`; None: no limit).
    """

    active = models.BooleanField(_("active"))
    plafond = MoneyField(_("plafond"), null=True, blank=True)
    devise = CurrencyField(_("devise"))
    modifie_par = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("modifiée par"),
        related_name="+",
    )
    modifie_par_libelle = models.CharField(_("modifiée par"), max_length=255)
    modifie_le = models.DateTimeField(_("modifiée le"), default=now)

    protection = Protection(runtime="insert")

    class Meta:
        verbose_name = _("règle de validation")
        verbose_name_plural = _("règles de validation")
        ordering = ("-modifie_le", "-id")
        permissions = [("definir_reglevalidation", "Définir la règle de validation automatique")]
        indexes = [models.Index(fields=["tenant", "-modifie_le"], name="comptabilite_regle_validation")]
        constraints = [
            exact_amounts("comptabilite_regle_validation_exacte", "plafond", currency="devise"),
            models.CheckConstraint(
                condition=Q(plafond=None) | Q(plafond__gte=0),
                name="comptabilite_regle_validation_plafond",
                violation_error_message=_("Le plafond ne peut pas être négatif."),
                violation_error_code="negative-amount",
            ),
        ]

    def __str__(self) -> str:
        return str(_("active") if self.active else _("inactive"))
