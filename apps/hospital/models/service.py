"""A ward or counter of the hospital: what a visit comes to, and a dimension of imputation."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned


class Service(TenantOwned):
    """Its code reaches the ledger as the criterion `service` of an invoice line."""

    code = models.CharField(_("code"), max_length=20)
    nom = models.CharField(_("nom"), max_length=150)
    actif = models.BooleanField(_("en activité"), default=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["nom"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code"],
                name="hospital_service_code",
                violation_error_message=_("Ce code désigne déjà un service."),
                violation_error_code="service-code-taken",
            )
        ]

    def __str__(self) -> str:
        return self.nom
