"""What must be known of a tenant before a scope is open, and the one row that money commands lock."""

from django.db import models

from apps.socle.immutability import Protection
from apps.socle.row_security import open_table


class TenantRegistry(models.Model):
    """Slug to tenant, its zone and whether it is open. Its row is the tenant's lock (see `commands`)."""

    tenant_id = models.UUIDField(primary_key=True)
    slug = models.SlugField(max_length=63, unique=True)
    time_zone = models.CharField(max_length=63)
    is_active = models.BooleanField(default=True)

    protection = Protection(living=("time_zone", "is_active"))  # an address never leads to another tenant
    row_security = open_table("the slug of a URL leads to the tenant before there is a scope")

    def __str__(self) -> str:
        return self.slug
