from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SocleConfig(AppConfig):
    """The technical kernel."""

    name = "apps.socle"
    label = "socle"
    verbose_name = "Socle"

    def ready(self) -> None:
        from apps.socle.installer import install_after_migrate

        # Sent once per app, when every table is migrated; one sender is enough.
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="socle.install")
