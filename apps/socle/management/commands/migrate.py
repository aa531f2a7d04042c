"""`migrate` runs as the owner: the runtime login could not create a table."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from apps.socle.management.base import NotDone


class Command(migrate.Command):
    """Django's migrate, whose default connection is `owner` where that login is configured."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        if "owner" in connections.settings:
            parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> str | None:
        if "owner" not in connections.settings:
            sentence = "DATABASE_URL est donné sans DATABASE_OWNER_URL, le compte qui migre : il faut les deux."
            raise NotDone(sentence)
        return super().execute(*args, **options)
