from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    """Who works here: users, tenants, memberships, roles, third parties."""

    name = "apps.organisations"
    label = "organisations"
    verbose_name = _("Organisations")

    def ready(self) -> None:
        from apps.organisations.services.install_roles import install_roles_after_migrate

        post_migrate.connect(install_roles_after_migrate, sender=self, dispatch_uid="organisations.roles")
