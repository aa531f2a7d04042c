"""The public half of a tenant's signing keys; the private half is derived, never stored."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.fiscal.crypto import ALGORITHM, fingerprint
from apps.organisations.base import TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection


class FiscalKey(TenantOwned):
    """One signing key. Links name it by `key_id`; only the one that is not retired signs."""

    key_id = models.CharField(_("clé"), max_length=16)
    algorithm = models.CharField(_("algorithme"), max_length=40, default=ALGORITHM)
    public_key = models.BinaryField(_("clé publique"))
    created_at = models.DateTimeField(_("créée le"), default=now)
    retired_at = models.DateTimeField(_("retirée le"), null=True, blank=True)

    protection = Protection(living=("retired_at",))

    class Meta:
        verbose_name = _("clé de signature")
        verbose_name_plural = _("clés de signature")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key_id"],
                name="fiscal_key_unique",
                violation_error_message=_("Cette clé existe déjà."),
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(retired_at=None),
                name="fiscal_key_one_signs",
                violation_error_message=_("Une seule clé signe à la fois."),
            ),
        ]

    def __str__(self) -> str:
        return self.key_id

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key, which people compare."""
        return fingerprint(bytes(self.public_key))
