from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OrganisationsConfig(AppConfig):
    """Who works here: users, tenants, memberships, roles, third parties."""

    name = "apps.organisations"
    label = "organisations"
    verbose_name = "Organisations"

    def ready(self) -> None:
        from django.apps import apps

        from apps.organisations.services.install_roles import install_roles_after_migrate

        # The last app to be told: by then every model's permissions exist.
        post_migrate.connect(
            install_roles_after_migrate, sender=list(apps.get_app_configs())[-1], dispatch_uid="organisations.roles"
        )
