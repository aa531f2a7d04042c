"""`arreter_postgres`: stop the embedded server that a command started and left to the next one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

from apps.socle.launch import postgres
from apps.socle.management.base import HouseCommand, NotDone


class Command(HouseCommand):
    help = "Arrête le PostgreSQL embarqué, si ni bin/start ni une autre commande n’y travaille."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_DATABASE:
            raise NotDone("La base est celle de DATABASE_URL : elle ne s’arrête pas d’ici.")
        connections.close_all()
        postgres.stop(settings.DATA_DIR)
        self.stdout.write("PostgreSQL est arrêté.")
