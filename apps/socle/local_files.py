"""The folder of files on this machine, and whether a restore left it between two states."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.socle.launch.backup import exchange
from apps.socle.launch.errors import LaunchError


def files_folder() -> Path | None:
    """Return the local folder of files, None where files are in a bucket, which is not ours to copy."""
    location = settings.STORAGES["default"].get("OPTIONS", {}).get("location")
    return Path(location) if location else None


def half_restored() -> str:
    """Return why nothing may serve: the database is a restored one and its files are not there yet; empty when all is well.

    While the former database still bears the name its files are untouched, and both may serve.
    """
    try:
        plan = exchange.begun(files_folder())
    except LaunchError as error:
        return str(error)
    if plan is None:
        return ""
    with connection.cursor() as cursor:
        cursor.execute("select oid::bigint from pg_database where datname = current_database()")
        if cursor.fetchone()[0] != plan.oid:
            return ""
    return plan.to_be_ended()
