"""Which protections the installer has written, to be compared with the declarations at start-up."""

from django.db import models

from apps.socle.clock import now
from apps.socle.immutability import Protection
from apps.socle.row_security import open_table


class InstalledProtection(models.Model):
    """The digest of the SQL installed for one table or file, and the seal of what then stood; read at each start."""

    name = models.CharField(max_length=120, primary_key=True)
    digest = models.CharField(max_length=64)
    installed_at = models.DateTimeField(default=now)

    protection = Protection(living=("digest", "installed_at"), runtime="select")
    row_security = open_table("read at start-up, before any tenant; holds no tenant's data")

    def __str__(self) -> str:
        return self.name
