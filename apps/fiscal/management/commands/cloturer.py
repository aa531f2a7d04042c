"""`cloturer`: seal days, months or years. Exit status 0 when all is closed, 1 when one is refused, 2 when it cannot try."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from apps.fiscal import closings
from apps.fiscal.choices import ClosingType
from apps.fiscal.closings import KINDS
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.models import FiscalClosing
from apps.fiscal.services.close_due import close_through
from apps.fiscal.services.close_period import Closure
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.management.base import HouseCommand, NotDone, NotWhole, day, houses
from apps.socle.models import TenantRegistry
from apps.socle.progress import count, counted
from apps.socle.scope import scope
from apps.socle.screens.dates import short_instant


class Command(HouseCommand):
    help = (
        "Clôture des jours, des mois ou des années de la chaîne, dans l’ordre : ce qui manque avant est clôturé d’abord."
        " Sans --date, jusqu’à la dernière période finie. Statut de sortie : 0 tout est clôturé, 1 une clôture est"
        " refusée, 2 rien n’a pu être tenté."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--periodicite", choices=sorted(KINDS), required=True, help="Ce qui est clôturé.")
        parser.add_argument(
            "--date",
            type=day,
            metavar="JJ/MM/AAAA",
            help="Un jour de la période à clôturer (ou AAAA-MM-JJ) ; le jour en cours peut l’être, un mois une fois fini.",
        )
        parser.add_argument("--tenant", metavar="SLUG", help="Un seul établissement ; sans cette option, tous.")

    def handle(self, *args: Any, periodicite: str, date: date | None, tenant: str | None, **options: Any) -> None:
        refused, chosen = [], houses(tenant)
        for rank, house in enumerate(chosen, start=1):
            try:
                self._close(house, KINDS[periodicite], date, f"{house.slug} ({rank}/{len(chosen)})")
            except BusinessError as error:
                self.stderr.write(f"{house.slug} : {error}")
                refused.append(house.slug)
            except MasterSecretError as error:
                raise NotDone(f"Clôture impossible : {error}") from error
        if refused:
            raise NotWhole(f"Clôture refusée : {', '.join(refused)}.")

    def _close(self, house: TenantRegistry, kind: ClosingType, day: date | None, label: str) -> None:
        with scope(house.tenant_id):
            tenant = Tenant.objects.get(pk=house.tenant_id)
            first = closings.first_day()
            wanted = day or last_finished(kind, local_date(tenant.time_zone))
            standing = closings.closing_of(kind, closings.last_day_of(kind, wanted))
        if standing is not None:
            self.stdout.write(f"{house.slug} : {sentence(Closure(standing, created=False), tenant)}")
            return
        if day is None and (first is None or wanted < first):
            self.stdout.write(f"{house.slug} : rien à clôturer, aucune période n’est finie.")
            return
        line = self.progress(label, "maillons")
        for closure in close_through(tenant_id=tenant.pk, closing_type=kind, day=wanted, acteur=SYSTEM, progress=line):
            line.close()
            self.stdout.write(f"{house.slug} : {sentence(closure, tenant)}")
        line.close()


def last_finished(kind: ClosingType, today: date) -> date:
    """Return the last day of the last period of this kind that is over, `today` being the tenant's."""
    if kind == ClosingType.DAILY:
        return today - timedelta(days=1)
    start = today.replace(day=1) if kind == ClosingType.MONTHLY else date(today.year, 1, 1)
    return start - timedelta(days=1)


def sentence(closure: Closure, tenant: Tenant) -> str:
    """Say what was closed, or who had done it and when, in the tenant's zone."""
    closing: FiscalClosing = closure.closing
    name = closings.period_label(closing.closing_type, closing.closing_date)
    if not closure.created:
        return f"{name} : {already(closing, tenant)}"
    links = counted(closing.entries_count, "maillon", "maillons")
    waiting = sum(item["count"] for item in closing.unfinished)
    left = f", {count(waiting)} élément{'s' if waiting > 1 else ''} à terminer" if waiting else ""
    return f"{name} : clôture faite, {links}{left}, empreinte {closing.closing_hash}"


def already(closing: FiscalClosing, tenant: Tenant) -> str:
    """Return « clôture déjà faite par X le 20/11/2026 18:04 », whatever the gender of the period."""
    return f"clôture déjà faite par {closing.actor_label} le {short_instant(closings.local_moment(closing, tenant))}"
