"""Which admin site the house uses, and which static files it serves."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class CaurisAdminConfig(AdminConfig):
    """Makes `django.contrib.admin.site` ours."""

    default_site = "config.admin.CaurisAdminSite"


class CaurisStaticFilesConfig(StaticFilesConfig):
    """Leaves out what no page asks for (Bootstrap's variants, API explorers): half a minute of compressing."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.rtl.*",
        "bootstrap-grid*",
        "bootstrap-reboot*",
        "bootstrap-utilities*",
        "bootstrap.esm*",
        "django_htmx/ext/*",
        "htmx-4*",
        "htmax-*",
        "redoc",
        "rest_framework",
    ]
