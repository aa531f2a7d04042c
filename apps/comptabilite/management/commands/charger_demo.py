"""`charger_demo`: two hospitals to try, the first with three real days that end yesterday."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.comptabilite.caisse.demo.charger import charger
from apps.comptabilite.caisse.demo.comptes import FICHIER
from apps.socle.management.base import HouseCommand, NotDone
from apps.socle.progress import counted


class Command(HouseCommand):
    help = "Charge la démonstration : deux hôpitaux, leurs comptes, trois jours réels de caisse. Recommencer n’ajoute rien."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.EMBEDDED_DATABASE:
            raise NotDone("La démonstration est refusée avec DATABASE_URL ou en production.")
        comptes = charger(settings.DATA_DIR, self.stdout.write)
        personnes = {compte["username"] for compte in comptes}  # one of them may work in both hospitals
        combien = counted(len(personnes), "compte", "comptes")
        self.stdout.write(f"{combien} de démonstration dans {settings.DATA_DIR / FICHIER}")
