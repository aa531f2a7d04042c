"""`cloturer`: seal days, months or years. Exit status 0 when all is closed, 1 when one is refused, 2 when it cannot try."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

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
from apps.socle.models import TenantRegistry
from apps.socle.progress import ProgressLine, count
from apps.socle.scope import scope
from apps.socle.screens.dates import short_instant

REFUSED, NOT_TRIED = 1, 2


class Command(BaseCommand):
    help = (
        "Clôture des jours, des mois ou des années de la chaîne, dans l’ordre : ce qui manque avant est clôturé d’abord."
        " Sans --date, jusqu’à la dernière période finie. Statut de sortie : 0 tout est clôturé, 1 une clôture est"
        " refusée, 2 rien n’a pu être tenté."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--periodicite", choices=sorted(KINDS), required=True, help="Ce qui est clôturé.")
        parser.add_argument(
            "--date",
            type=read_day,
            metavar="JJ/MM/AAAA",
            help="Un jour de la période à clôturer (ou AAAA-MM-JJ) ; le jour en cours peut l’être, un mois une fois fini.",
        )
        parser.add_argument("--tenant", metavar="SLUG", help="Un seul établissement ; sans cette option, tous.")

    def handle(self, *args: Any, periodicite: str, date: date | None, tenant: str | None, **options: Any) -> None:
        refused, houses = [], self._houses(tenant)
        for rank, house in enumerate(houses, start=1):
            try:
                self._close(house, KINDS[periodicite], date, f"{house.slug} ({rank}/{len(houses)})")
            except BusinessError as error:
                self.stderr.write(f"{house.slug} : {error}")
                refused.append(house.slug)
            except MasterSecretError as error:
                raise CommandError(f"Clôture impossible : {error}", returncode=NOT_TRIED) from error
        if refused:
            raise CommandError(f"Clôture refusée : {', '.join(refused)}.", returncode=REFUSED)

    def _houses(self, slug: str | None) -> list[TenantRegistry]:
        active = TenantRegistry.objects.filter(is_active=True).order_by("slug")
        found = list(active.filter(slug=slug) if slug else active)
        if slug and not found:
            raise CommandError(f"Aucun établissement à l’adresse « {slug} ».", returncode=NOT_TRIED)
        return found

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
        line = ProgressLine(self.stderr._out, label, "maillons")  # type: ignore[attr-defined]
        for closure in close_through(tenant_id=tenant.pk, closing_type=kind, day=wanted, acteur=SYSTEM, progress=line):
            line.close()
            self.stdout.write(f"{house.slug} : {sentence(closure, tenant)}")
        line.close()


def read_day(text: str) -> date:
    """Read 20/11/2026 or 2026-11-20. Raises ValueError, which argparse says."""
    form = "%d/%m/%Y" if "/" in text else "%Y-%m-%d"
    return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone


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
    links = f"{count(closing.entries_count)} maillon{'s' if closing.entries_count > 1 else ''}"
    waiting = sum(item["count"] for item in closing.unfinished)
    left = f", {count(waiting)} non terminé{'s' if waiting > 1 else ''}" if waiting else ""
    return f"{name} : clôture faite, {links}{left}, empreinte {closing.closing_hash}"


def already(closing: FiscalClosing, tenant: Tenant) -> str:
    """Return « déjà clôturé par X le 20/11/2026 18:04 »."""
    return f"déjà clôturé par {closing.actor_label} le {short_instant(closings.local_moment(closing, tenant))}"
