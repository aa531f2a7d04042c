"""`verifier_protection`: does the database protect what the code declares?"""

from __future__ import annotations

from typing import Any

from apps.socle import startup
from apps.socle.management.base import HouseCommand, NotWhole


class Command(HouseCommand):
    help = "Compare les protections installées dans la base avec celles que le code déclare."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            startup.check_login()
        except startup.Unprotected as error:
            raise NotWhole(str(error)) from error
        found = startup.differences()
        if found:
            raise NotWhole("Protections manquantes :\n" + "\n".join(found))
        self.stdout.write("Les protections installées sont celles que le code déclare.")
