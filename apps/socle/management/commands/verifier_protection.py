"""`verifier_protection`: does the database protect what the code declares?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.socle import startup


class Command(BaseCommand):
    help = "Compare les protections installées dans la base avec celles que le code déclare."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            startup.check_login()
        except startup.Unprotected as error:
            raise CommandError(str(error)) from error
        found = startup.differences()
        if found:
            raise CommandError("Protections manquantes :\n" + "\n".join(found))
        self.stdout.write("Les protections installées sont celles que le code déclare.")
