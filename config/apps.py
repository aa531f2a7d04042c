"""Which admin site the house uses, and which static files it serves."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class CaurisAdminConfig(AdminConfig):
    """Makes `django.contrib.admin.site` ours."""

    default_site = "config.admin.CaurisAdminSite"


class CaurisStaticFilesConfig(StaticFilesConfig):
    """Leaves out the variants of Bootstrap that no page asks for: half a minute of compressing."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.rtl.*",
        "bootstrap-grid*",
        "bootstrap-reboot*",
        "bootstrap-utilities*",
        "bootstrap.esm*",
    ]
