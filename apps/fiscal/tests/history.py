"""A few days of a hospital's chain, sealed, on the days before the end of a month: what archives and proofs are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from apps.fiscal.choices import ClosingType
from apps.fiscal.models import FiscalClosing
from apps.fiscal.services.close_period import close_period
from apps.fiscal.tests.factories import CASHIER
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers
from apps.socle import facts
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.commands import command
from apps.socle.facts import FactDeclaration, FactLine, FactToPublish, publish
from apps.socle.scope import scope

FIRST = date(2026, 11, 28)
SECOND, LAST = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
SALE = FactDeclaration(
    type="fiscal_sale",
    label="Vente d’essai",
    source="organisations.Tiers",
    entry_type="payment",
    legal_status="donnee_fiscale",
    roles=("creance", "produit", "taxe", "reglement", "arrondi_perte"),
    totals={
        "creance": "invoiced",
        "produit": "base",
        "taxe": "tax",
        "reglement": "collected",
        "arrondi_perte": "rounding_loss",
    },
)

Clock = Callable[..., None]


def clock_of(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return what sets the house's only clock: `clock(date(2026, 11, 20), hour=17)`, in UTC."""

    def at(day: date, hour: int = 9, minute: int = 0) -> None:
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return at


def declare_sales(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_declarations", facts._declarations | {SALE.type: SALE})


@command
def sell(*, tenant: Tenant, number: int, acteur: Acteur) -> None:
    """Publish a sale whose lines feed every total that a closing keeps."""
    tiers = make_tiers(tenant)
    amount = Decimal(1000 * number)
    lines = (
        FactLine("creance", amount + 190, "À payer", {}),
        FactLine("produit", amount, "Soin", {"taxe": "19"}),
        FactLine("taxe", Decimal(192), "TVA", {"taxe": "19"}),
        FactLine("arrondi_perte", Decimal(2), "Arrondi", {}),
        FactLine("reglement", amount + 190, "=Espèces", {"moyen": "ESPECES", "caisse": "C1"}),
    )
    publish(
        FactToPublish(
            type=SALE.type,
            source=tiers,
            number=f"VENTE-{number:05d}",
            date=date(2026, 11, 20),
            currency="XAF",
            lines=lines,
            acteur=acteur,
            key=f"vente:{tiers.pk}",
            snapshot={"number": f"VENTE-{number:05d}", "label": "Échographie\nligne 2 « ✓ »"},
            tiers_id=tiers.pk,
            tiers_label=tiers.nom,
        )
    )


def close(day: date, kind: str = ClosingType.DAILY) -> FiscalClosing:
    return close_period(closing_type=kind, closing_date=day, acteur=SYSTEM).closing


def live(tenant: Tenant, clock: Clock) -> None:
    """Three days to a month's end, each sealed, the month too: links 1–3 · 4 (closing), 5–6 · 7 · 8 · 9 · 10, 11."""
    with scope(tenant.pk):
        clock(FIRST)
        for number in (1, 2, 3):
            sell(tenant=tenant, number=number, acteur=CASHIER)
        close(FIRST)
        clock(SECOND)
        for number in (4, 5):
            sell(tenant=tenant, number=number, acteur=CASHIER)
        close(SECOND)
        clock(LAST)
        close(LAST)
        close(LAST, ClosingType.MONTHLY)
        sell(tenant=tenant, number=6, acteur=CASHIER)
        sell(tenant=tenant, number=7, acteur=CASHIER)
