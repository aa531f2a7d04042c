"""The catalogue of roles follows the declarations after each migrate."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.db import connections

from apps.organisations.permissions import install_roles
from apps.socle.installer import house_apps


def install_roles_after_migrate(sender: AppConfig, using: str, **kwargs: object) -> None:
    """Receiver of `post_migrate`, sent when every table is there; makes all permissions before it gives them."""
    if "organisations_role" not in connections[using].introspection.table_names():
        return
    for config in house_apps():
        create_permissions(config, verbosity=0, using=using)
    install_roles(using)
