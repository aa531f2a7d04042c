"""What it costs to close a day, and that it costs no more when the history is longer.

    .venv/bin/python -m benchmarks.closing [--day 100000] [--histories 0 100000 400000]

For each length of history, makes a tenant whose history is loaded by COPY (hashed and signed like the platform's own)
and closed as one day, then loads a day of as many links as asked, and closes it as the command does: every link
verified, added up, put into the tree. Prints seconds by the clock and of this process, how long the tenant's lock was
held, and the ratio to the first history's. Then a day of a tenth of the links. Fails when the last history costs half
as much again as the first.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

from benchmarks.fiscal_chain import copy, document

BATCH = 5000
DEARER_ALLOWED = 1.5


@dataclass
class Measure:
    """What one closing cost, in seconds; `held` is how long sales had to wait."""

    clock: float
    processor: float
    held: float


def rows(
    tenant: Any, first: int, previous: str, count: int, moment: dt.datetime
) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield (fact, link) rows of `count` invoices of 11,500, half of them paid, made at `moment`, in COPY's order."""
    from apps.fiscal import crypto
    from apps.fiscal.canonical import Envelope, canonical_bytes, data_hash
    from apps.fiscal.keys import derive
    from apps.socle.fields import uuid7

    key = derive(tenant.pk, "k1")
    for number in range(first, first + count):
        paid = number % 2 == 0
        kind, entry = ("quittance_emise", "payment") if paid else ("invoice_issued", "invoice")
        name, source, tiers, content = f"X-{number:08d}", uuid7(), uuid7(), document(number)
        lines = (
            [{"role": "reglement", "amount": "11500", "label": name, "criteria": {"moyen": "ESPECES", "caisse": "C1"}}]
            if paid
            else [{"role": "creance", "amount": "11500", "label": name, "criteria": {}}]
            + [{"role": "produit", "amount": line["total_ht"], "label": line["description"],
                "criteria": {"type_recette": line["category"]}} for line in content["lines"]]
        )  # fmt: skip
        envelope = Envelope(
            id=uuid7(), tenant_id=tenant.pk, tenant_name=tenant.legal_name, sequence_number=number, entry_type=entry,
            entity_type="facturation.Invoice", entity_id=source, entity_number=name, fiscal_date=moment.date(),
            document_date=moment.date(), created_at=moment, legal_status="donnee_fiscale", environment="production",
            actor_type="system", actor_id=None, actor_label="Système", actor_role="", key_id="k1",
            algorithm=crypto.ALGORITHM, fact_id=uuid7(), document=content,
            fact={"type": kind, "currency": "XAF", "tiers": {"id": str(tiers), "label": "MBARGA Solange"}, "lines": lines},
        )  # fmt: skip
        said = envelope.as_json()
        canonical = canonical_bytes(said)
        hashed = data_hash(canonical)
        linked = crypto.chain_hash(number, previous, hashed)
        yield (
            [envelope.fact_id, tenant.pk, kind, "facturation.Invoice", source, name, moment.date(), "XAF",
             json.dumps(lines), tiers, "MBARGA Solange", "system", None, "Système", f"x:{source}",
             json.dumps(content), moment],
            [envelope.id, tenant.pk, envelope.fact_id, number, entry, "facturation.Invoice", source, name,
             moment.date(), json.dumps(said), canonical, hashed, previous, linked, crypto.sign(key, linked), "k1",
             crypto.ALGORITHM, "donnee_fiscale", "production", "system", None, "{}", moment],
        )  # fmt: skip
        previous = linked


def load(tenant: Any, count: int, moment: dt.datetime) -> None:
    """COPY `count` links behind the head, through the maintenance login, and move the head as the owner."""
    from apps.fiscal.models import FiscalSequence
    from apps.socle.scope import scope
    from tests.support.database import connect_as

    with scope(tenant.pk):
        head = FiscalSequence.objects.get()
    waiting: list[tuple[list[Any], list[Any]]] = []
    with connect_as("owner") as owner, connect_as("maintenance") as raw:
        owner.execute("alter table fiscal_fiscalentry disable trigger fiscal_follow_head")
        for row in rows(tenant, head.last_sequence_number + 1, head.head_hash, count, moment):
            waiting.append(row)
            if len(waiting) == BATCH:
                copy(raw, waiting)
        copy(raw, waiting)
        raw.execute("vacuum analyze fiscal_fiscalentry")
        owner.execute("alter table fiscal_fiscalentry enable always trigger fiscal_follow_head")
        owner.execute("alter table fiscal_fiscalsequence disable trigger user")
        owner.execute("select set_config('cauris.tenant', %s, false)", [str(tenant.pk)])
        owner.execute(
            "update fiscal_fiscalsequence s set last_sequence_number = e.sequence_number, head_hash = e.chain_hash,"
            " last_fiscal_date = e.fiscal_date, last_sequence_date = e.created_at, lock_version = e.sequence_number"
            " from fiscal_fiscalentry e where e.sequence_number = %s",
            [head.last_sequence_number + count],
        )
        for trigger in ("fiscal_sequence_step", "cauris_guard", "cauris_no_truncate"):
            owner.execute(f"alter table fiscal_fiscalsequence enable always trigger {trigger}")


def close(tenant: Any, day: dt.date) -> Measure:
    """Close one day as the system does; measure it."""
    from apps.fiscal.services import close_period as service
    from apps.socle.actors import SYSTEM
    from apps.socle.scope import scope

    seal, held = service.seal, []

    def measured(**values: Any) -> Any:
        began = time.perf_counter()
        try:
            return seal(**values)
        finally:
            held.append(time.perf_counter() - began)

    service.seal = measured  # type: ignore[assignment]
    clock, processor = time.perf_counter(), time.process_time()
    try:
        with scope(tenant.pk):
            closure = service.close_period(closing_type="daily", closing_date=day, acteur=SYSTEM)
    finally:
        service.seal = seal
    assert closure.created
    return Measure(time.perf_counter() - clock, time.process_time() - processor, held[0])


def measure(history: int, links: int) -> Measure:
    """Return what a day of `links` costs behind `history` links that are sealed."""
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.clock import local_now, now

    tenant = make_tenant(slug=f"h{history}-j{links}", name=f"Histoire {history}")
    today = local_now(tenant.time_zone).date()
    if history:
        load(tenant, history, now() - dt.timedelta(days=1))
        close(tenant, today - dt.timedelta(days=1))
    load(tenant, links, now())
    return close(tenant, today)


def say(history: int, links: int, found: Measure, first: Measure) -> None:
    print(
        f"history {history:>9,}, day {links:>7,}: {found.clock:6.1f} s by the clock, {found.processor:6.1f} s of this"
        f" process, lock held {found.held:5.2f} s, ratio {found.clock / first.clock:4.2f},"
        f" {links / found.clock:,.0f} links a second"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=int, default=100_000)
    parser.add_argument("--histories", type=int, nargs="+", default=[0, 100_000, 400_000])
    options = parser.parse_args()

    import django

    django.setup()
    from tests.support.database import database_for_tests

    with database_for_tests():
        found = []
        for history in options.histories:
            found.append(measure(history, options.day))
            say(history, options.day, found[-1], found[0])
        tenth = max(options.day // 10, 1)
        say(options.histories[0], tenth, measure(options.histories[0], tenth), found[0])
    dearer = found[-1].clock / found[0].clock
    return 0 if dearer < DEARER_ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
