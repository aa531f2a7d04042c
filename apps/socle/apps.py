import psycopg
from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _
from psycopg.types.array import ListBinaryDumper


class SocleConfig(AppConfig):
    """The technical kernel."""

    name = "apps.socle"
    label = "socle"
    verbose_name = _("Socle")

    def ready(self) -> None:
        from apps.socle.installer import install_after_migrate

        # Rows written together go as one array a column: in binary nothing is escaped, which is half of the work.
        psycopg.adapters.register_dumper(list, ListBinaryDumper)
        # Sent once per app, when every table is migrated; one sender is enough.
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="socle.install")
