"""How fast a chain is verified, and how fast it grows.

    .venv/bin/python -m benchmarks.fiscal_chain [--links 200000] [--appends 500]

Makes a test database, loads a chain by COPY (hashed and signed like the platform's own, its facts
with it), and verifies it as the runtime role, under row security, as the nightly task does. Prints
links a second for the whole verification and for its parts, and the memory it took; fails when the
chain does not hold or when verifying took more than 50 MB beyond what loading Python takes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

BEGINNING = dt.datetime(2020, 1, 1, 7, 0, tzinfo=dt.UTC)
MEMORY_ALLOWED_KB = 50 * 1024
FACT_COLUMNS = (
    "id, tenant_id, type, source_type, source_id, number, date, currency, lines, tiers_id, tiers_label, acteur_kind,"
    " acteur_id, acteur_label, key, snapshot, created_at"
)
ENTRY_COLUMNS = (
    "id, tenant_id, fact_id, sequence_number, entry_type, entity_type, entity_id, entity_number, fiscal_date,"
    " data_snapshot, data_canonical, data_hash, previous_hash, chain_hash, signature, key_id, algorithm, legal_status,"
    " environment, actor_type, actor_id, metadata, created_at"
)
SQL_LINKAGE = """
select count(*) from (
  select previous_hash, lag(chain_hash) over (order by sequence_number) as before, data_hash, data_canonical
  from fiscal_fiscalentry where tenant_id = %s) e
where previous_hash is distinct from coalesce(before, previous_hash) or data_hash <> encode(sha256(data_canonical), 'hex')
"""


def document(number: int) -> dict[str, Any]:
    """Return an invoice's own data, of the size that a hospital's have (three lines)."""
    lines = [
        {"category": category, "code": code, "description": text, "quantity": "1", "unit_price": price, "tax_rate": "0",
         "exemption": "CGI art. 128", "total_ht": price, "tax_amount": "0", "total_ttc": price}
        for category, code, text, price in (
            ("CONSULTATION", "CONS-G", "Consultation générale", "5000"),
            ("LABORATOIRE", "NFS", "Numération formule sanguine", "4500"),
            ("LABORATOIRE", "GE", "Goutte épaisse", "2000"),
        )
    ]  # fmt: skip
    return {
        "document": {"number": f"FAC-2020-{number:07d}", "issue_date": "2020-01-01", "currency": "XAF"},
        "buyer": {"name": "MBARGA Solange", "identifier": f"PAT-{number % 5000:05d}"},
        "seller": {"name": "Hôpital Sainte-Odile", "address": "Rue Drouot, Akwa, Douala"},
        "lines": lines,
        "totals": {"ht": "11500", "tax": "0", "ttc": "11500"},
    }


def links(tenant: Any, count: int) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield (fact, link) rows of a chain that holds, in the order of the columns above."""
    from apps.fiscal import crypto
    from apps.fiscal.canonical import Envelope, canonical_bytes, data_hash
    from apps.fiscal.keys import derive
    from apps.socle.fields import uuid7

    key, previous = derive(tenant.pk, "k1"), crypto.genesis_hash(tenant.pk)
    for number in range(1, count + 1):
        moment = BEGINNING + dt.timedelta(minutes=3 * number)
        name, source, tiers, content = f"FAC-2020-{number:07d}", uuid7(), uuid7(), document(number)
        roles = [{"role": "creance", "amount": "11500", "label": name, "criteria": {}}] + [
            {"role": "produit", "amount": line["total_ht"], "label": line["description"],
             "criteria": {"type_recette": line["category"]}} for line in content["lines"]
        ]  # fmt: skip
        envelope = Envelope(
            id=uuid7(), tenant_id=tenant.pk, tenant_name=tenant.legal_name, sequence_number=number,
            entry_type="invoice", entity_type="facturation.Invoice", entity_id=source, entity_number=name,
            fiscal_date=moment.date(), document_date=moment.date(), created_at=moment, legal_status="donnee_fiscale",
            environment="production", actor_type="system", actor_id=None, actor_label="Système", actor_role="",
            key_id="k1", algorithm=crypto.ALGORITHM, fact_id=uuid7(), document=content,
            fact={"type": "invoice_issued", "currency": "XAF", "tiers": {"id": str(tiers), "label": "MBARGA Solange"},
                  "lines": roles},
        )  # fmt: skip
        said = envelope.as_json()
        canonical = canonical_bytes(said)
        hashed = data_hash(canonical)
        linked = crypto.chain_hash(number, previous, hashed)
        yield (
            [envelope.fact_id, tenant.pk, "invoice_issued", "facturation.Invoice", source, name, moment.date(), "XAF",
             json.dumps(roles), tiers, "MBARGA Solange", "system", None, "Système", f"invoice:{source}",
             json.dumps(content), moment],
            [envelope.id, tenant.pk, envelope.fact_id, number, "invoice", "facturation.Invoice", source, name,
             moment.date(), json.dumps(said), canonical, hashed, previous, linked, crypto.sign(key, linked), "k1",
             crypto.ALGORITHM, "donnee_fiscale", "production", "system", None, "{}", moment],
        )  # fmt: skip
        previous = linked


def load(tenant: Any, count: int, batch: int = 5000) -> None:
    """COPY the chain through the maintenance login; the owner stops the trigger that would move the head, then sets it."""
    from tests.support.database import connect_as

    waiting: list[tuple[list[Any], list[Any]]] = []
    with connect_as("owner") as owner, connect_as("maintenance") as raw:
        owner.execute("alter table fiscal_fiscalentry disable trigger fiscal_follow_head")
        for rows in links(tenant, count):
            waiting.append(rows)
            if len(waiting) == batch:
                copy(raw, waiting)
        copy(raw, waiting)
        raw.execute("analyze fiscal_fiscalentry")
        owner.execute("alter table fiscal_fiscalentry enable always trigger fiscal_follow_head")
        owner.execute("alter table fiscal_fiscalsequence disable trigger user")
        owner.execute("select set_config('cauris.tenant', %s, false)", [str(tenant.pk)])
        owner.execute(
            "update fiscal_fiscalsequence s set last_sequence_number = e.sequence_number, head_hash = e.chain_hash,"
            " last_fiscal_date = e.fiscal_date, last_sequence_date = e.created_at, lock_version = e.sequence_number"
            " from fiscal_fiscalentry e where e.sequence_number = %s",
            [count],
        )


def copy(raw: Any, waiting: list[tuple[list[Any], list[Any]]]) -> None:
    """COPY what waits, facts first, in one transaction, and forget it."""
    with raw.transaction(), raw.cursor() as cursor:
        for table, columns, side in (("socle_fait", FACT_COLUMNS, 0), ("fiscal_fiscalentry", ENTRY_COLUMNS, 1)):
            with cursor.copy(f"copy {table} ({columns}) from stdin") as out:
                for rows in waiting:
                    out.write_row(rows[side])
    waiting.clear()


def timed(label: str, count: int, work: Callable[[], Any]) -> Any:
    """Run `work`; print links a second, by the clock and by this process's own seconds of processor."""
    started, worked = time.perf_counter(), time.process_time()
    result = work()
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    print(f"{label:62} {count / seconds:10,.0f} /s by the clock {count / max(processor, 0.001):10,.0f} /s of processor")
    return result


def hashes_and_linkage(tenant_id: UUID) -> None:
    """Stream bytes and hashes only, and recompute them: what a first pass costs without content and signatures."""
    from django.db import connection

    from apps.fiscal import crypto

    expected = crypto.genesis_hash(tenant_id)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "select sequence_number, data_canonical, data_hash, previous_hash, chain_hash from fiscal_fiscalentry"
            " where tenant_id = %s order by sequence_number",
            [tenant_id],
        )
        while rows := cursor.fetchmany(5000):
            for number, canonical, hashed, previous, linked in rows:
                assert hashlib.sha256(canonical).hexdigest() == hashed
                assert previous == expected
                assert crypto.chain_hash(number, previous, hashed) == linked
                expected = linked


def signatures(tenant_id: UUID, count: int) -> None:
    """Check `count` signatures, nothing else."""
    from apps.fiscal import crypto
    from apps.fiscal.keys import derive

    key = derive(tenant_id, "k1")
    public, signed = key.public_key(), crypto.sign(key, "ab" * 32)
    for _number in range(count):
        assert crypto.signature_holds(public, "ab" * 32, signed)


def in_sql(tenant_id: UUID) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(SQL_LINKAGE, [tenant_id])
        assert cursor.fetchone() == (0,)


def appended(tenant: Any, count: int) -> None:
    """Publish facts one by one, each in a transaction of its own, heard by the chain alone."""
    from apps.fiscal.subscribers import chain
    from apps.fiscal.tests.factories import CASHIER, TEST_FACT, publish_one
    from apps.organisations.tests.factories import make_tiers
    from apps.socle import facts
    from apps.socle.scope import scope

    facts._subscribers = {"fiscal": chain}
    facts._declarations[TEST_FACT.type] = TEST_FACT
    with scope(tenant.pk):
        sources = [make_tiers(tenant) for _number in range(count)]

    def publish_all() -> None:
        for source in sources:
            with scope(tenant.pk):
                publish_one(source=source, acteur=CASHIER, values={})

    timed(f"appended: {count:,} facts published, fact and link, one commit each", count, publish_all)


def resident_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=200_000)
    parser.add_argument("--appends", type=int, default=500)
    options = parser.parse_args()

    import django

    django.setup()
    from apps.fiscal.services.verify_chain import verify_chain
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope
    from tests.support.database import database_for_tests

    with database_for_tests():
        tenant = make_tenant()
        appended(make_tenant(slug="saint-luc", name="Clinique Saint-Luc"), options.appends)
        timed(f"loaded by COPY: {options.links:,} links and their facts", options.links, lambda: load(tenant, options.links))
        with scope(tenant.pk):
            before = resident_kb()
            found = timed("verified whole, as the nightly task does", options.links, verify_chain)
            grown = resident_kb() - before
            timed("of it: hashes and linkage alone", options.links, lambda: hashes_and_linkage(tenant.pk))
            timed("of it: signatures alone", 20_000, lambda: signatures(tenant.pk, 20_000))
            timed("for comparison: hashes and linkage in SQL", options.links, lambda: in_sql(tenant.pk))
    print(f"memory taken by verifying: {grown / 1024:.0f} MB; {found.entries:,} links, holds: {found.holds}")
    return 0 if found.holds and found.entries == options.links and grown < MEMORY_ALLOWED_KB else 1


if __name__ == "__main__":
    sys.exit(main())
