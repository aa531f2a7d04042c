"""Which admin site the house uses."""

from django.contrib.admin.apps import AdminConfig


class CaurisAdminConfig(AdminConfig):
    """Makes `django.contrib.admin.site` ours."""

    default_site = "config.admin.CaurisAdminSite"
