"""`charger_demo`: two hospitals to try, the first with three real days that end yesterday."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.comptabilite.caisse.demo.charger import charger
from apps.comptabilite.caisse.demo.comptes import FICHIER
from apps.socle.errors import BusinessError


class Command(BaseCommand):
    help = "Charge la démonstration : deux hôpitaux, leurs comptes, trois jours réels de caisse. Recommencer n’ajoute rien."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.EMBEDDED_DATABASE:
            raise CommandError("La démonstration est refusée avec DATABASE_URL ou en production.")
        try:
            comptes = charger(settings.DATA_DIR, self.stdout.write)
        except BusinessError as error:
            raise CommandError(str(error)) from error
        personnes = {compte["username"] for compte in comptes}  # one of them may work in both hospitals
        self.stdout.write(f"{len(personnes)} comptes de démonstration dans {settings.DATA_DIR / FICHIER}")
