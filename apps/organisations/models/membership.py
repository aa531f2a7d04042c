"""Who may do what, where."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organisations.base import TenantOwned
from apps.socle.clock import now
from apps.socle.immutability import Protection
from apps.socle.row_security import person_rows
from apps.socle.scope import ScopedManager


class Membership(TenantOwned):
    """A user's one role within a tenant; one accountant may keep three hospitals."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("utilisateur")
    )
    role = models.ForeignKey("organisations.Role", models.PROTECT, related_name="+", verbose_name=_("rôle"))
    is_active = models.BooleanField(_("actif"), default=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("accès donné par"),
    )
    created_at = models.DateTimeField(_("depuis le"), default=now, editable=False)

    # Whose it is and who granted it stand for ever; it ends by being inactive.
    protection = Protection(living=("role_id", "is_active"))
    row_security = person_rows()
    objects = ScopedManager()  # named again, first: a model's own managers come before those of its base
    unscoped = models.Manager()  # a person's memberships in all tenants, which the policy limits to that person

    class Meta:
        verbose_name = _("membre")
        verbose_name_plural = _("membres")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"],
                name="organisations_membership_unique",
                violation_error_message=_("Cette personne est déjà membre ici."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"

    @property
    def is_open(self) -> bool:
        """Whether the person comes in by it: the membership stands, and the account is not closed either."""
        return self.is_active and self.user.is_active
