"""A role: a name and the permissions that it gives within a tenant."""

from django.contrib.auth.models import Permission
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.socle.fields import UUID7Field
from apps.socle.immutability import Protection
from apps.socle.row_security import open_table


class Role(models.Model):
    """Shared by all tenants; its permissions are Django codenames, collected from the apps."""

    id = UUID7Field(primary_key=True)
    name = models.CharField(_("nom"), max_length=100, unique=True)
    label = models.CharField(_("libellé"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    needs_second_factor = models.BooleanField(_("second facteur exigé"), default=False)
    permissions = models.ManyToManyField(Permission, blank=True, related_name="+", verbose_name=_("permissions"))

    # Written by migrate, from the apps' declarations: nobody gives himself a right by writing here.
    protection = Protection(living=("label", "description", "needs_second_factor"), runtime="select")
    row_security = open_table("the catalogue of roles is the same for all tenants")

    class Meta:
        verbose_name = _("rôle")
        verbose_name_plural = _("rôles")
        ordering = ["label"]

    def __str__(self) -> str:
        return gettext(self.label)
