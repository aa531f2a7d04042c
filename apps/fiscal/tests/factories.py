"""Facts to chain, published as a producer would."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from apps.fiscal.models import FiscalEntry, FiscalIntegrityCheck
from apps.fiscal.services.check_chain import record_check
from apps.fiscal.services.close_period import Closure, close_period
from apps.fiscal.services.verify_chain import Verification
from apps.fiscal.verification import Anomaly
from apps.organisations.models import Tenant, Tiers
from apps.organisations.tests.factories import make_tiers
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.commands import command
from apps.socle.facts import FactDeclaration, FactLine, FactToPublish, PublishedFact, publish
from apps.socle.fields import uuid7
from apps.socle.scope import require_scope, scope

TEST_FACT = FactDeclaration(
    type="fiscal_test",
    label="Essai",
    source="organisations.Tiers",
    entry_type="payment",
    legal_status="donnee_fiscale",
    roles=("reglement",),
    money=False,
)
CASHIER = Acteur(ActorKind.USER, uuid7(), "Amina Mbarga", role="caissier", ip="192.0.2.7", user_agent="tests")
FIRST_DAY = date(2026, 11, 28)
"""Of the chains that closings are tested on: a Saturday, two days before the end of a month."""
Clock = Callable[..., None]
_numbers = itertools.count(1)


def to_publish(source: Tiers, acteur: Acteur = SYSTEM, **values: Any) -> FactToPublish:
    """Return a fact about `source`, ready to publish."""
    number = values.pop("number", f"ESSAI-2026-{next(_numbers):05d}")
    amount = values.pop("amount", Decimal("11500"))
    snapshot: Mapping[str, Any] = values.pop("snapshot", {"number": number, "total": "11500", "label": "Échographie"})
    return FactToPublish(
        type=TEST_FACT.type,
        source=source,
        number=number,
        date=values.pop("day", date(2026, 11, 20)),
        currency="XAF",
        lines=(FactLine("reglement", amount, "Espèces", {"moyen": "ESPECES"}),),
        acteur=acteur,
        key=f"essai:{source.pk}",
        snapshot=snapshot,
        tiers_id=source.pk,
        tiers_label=source.nom,
    )


@command
def publish_one(*, source: Tiers, acteur: Acteur, values: Mapping[str, Any]) -> PublishedFact:
    """Publish inside a command, as every producer does."""
    return publish(to_publish(source, acteur, **values))


def chain_links(tenant: Tenant, count: int, acteur: Acteur = SYSTEM, **values: Any) -> list[FiscalEntry]:
    """Publish `count` facts in the tenant's scope; return the links that they left, in order."""
    with scope(tenant.id):
        before = FiscalEntry.objects.count()
        for _number in range(count):
            publish_one(source=make_tiers(tenant), acteur=acteur, values=dict(values))
        return list(FiscalEntry.objects.order_by("sequence_number")[before:])


def failed_check(
    message: str = "La clé publique « k2 » n’est pas la bonne.",
    acteur: Acteur = SYSTEM,
    anomalies: tuple[Anomaly, ...] = (),
) -> FiscalIntegrityCheck:
    """Record a verification that failed in the tenant in scope."""
    anomalies = anomalies or (Anomaly(0, "", "key-replaced", message),)
    found = Verification(require_scope(), 0, 0, "", len(anomalies), anomalies, 0.0)
    return record_check(verification=found, acteur=acteur)


def close(day: date, closing_type: str = "daily", acteur: Acteur = CASHIER) -> Closure:
    """Close the period of the tenant in scope that holds `day`."""
    return close_period(closing_type=closing_type, closing_date=day, acteur=acteur)
