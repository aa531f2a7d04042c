"""How fast a chain is verified, archived and proved, and how fast it grows.

    .venv/bin/python -m benchmarks.fiscal_chain [--links 200000] [--appends 500] [--processes 2]

Makes a test database, loads a chain by COPY (hashed and signed like the platform's own, its facts
with it), and verifies it as the runtime role, under row security, as the nightly task does: whole,
in parts, from a checkpoint, in several processes. Then proofs, an archive, and verify.py on it.
Prints links a second and the memory it took; fails when the chain does not hold, or when verifying
or archiving took more than 50 MB beyond what was there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

BEGINNING = dt.datetime(2020, 1, 1, 7, 0, tzinfo=dt.UTC)
MEMORY_ALLOWED_KB = 50 * 1024
VERIFIER = str(Path(__file__).parents[1] / "apps" / "fiscal" / "archive" / "verify.py")
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


def backend_seconds() -> float:
    """Return the seconds of processor that the server spent on this process's connection, 0 before it is opened."""
    from django.db import connection

    if connection.connection is None:
        return 0.0
    spent = psutil.Process(connection.connection.info.backend_pid).cpu_times()
    return spent.user + spent.system


def timed(label: str, count: int, work: Callable[[], Any]) -> Any:
    """Run `work`; print links a second by the clock, by this process's own processor, and with the server's added."""
    started, worked, served = time.perf_counter(), time.process_time(), backend_seconds()
    result = work()
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    both = processor + backend_seconds() - served
    rates = " ".join(f"{count / max(spent, 0.001):10,.0f} /s {what}" for spent, what in (
        (seconds, "by the clock"), (processor, "of processor"), (both, "with the server's")))  # fmt: skip
    print(f"{label:62} {rates}")
    return result


def hashes_and_linkage(tenant_id: UUID, count: int) -> None:
    """The verifier's own pass over hashes and linkage, chunk by chunk, without content and signatures."""
    from apps.fiscal import crypto
    from apps.fiscal.first_pass import CHUNK, follow_hashes
    from apps.fiscal.stored_links import read_hashes

    place: tuple[int, str] | None = (0, crypto.genesis_hash(tenant_id))
    for first in range(1, count + 1, CHUNK):
        for rows in read_hashes(tenant_id, first, min(first + CHUNK - 1, count)):
            assert place is not None
            place = follow_hashes(rows, *place)
    assert place is not None
    assert place[0] == count


def content(tenant_id: UUID, count: int) -> None:
    """The statement that compares columns, snapshots, commitments and days, chunk by chunk, as the verifier runs it."""
    from apps.fiscal.crypto import ALGORITHM
    from apps.fiscal.first_pass import CHUNK
    from apps.fiscal.stored_links import read_content

    day = ""
    for first in range(1, count + 1, CHUNK):
        found = read_content(tenant_id, first, min(first + CHUNK - 1, count), day, ALGORITHM)
        assert found is not None
        assert not found.doubtful
        day = found.last_day


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


def proofs(tenant_id: UUID, count: int) -> None:
    """Ten inclusion paths in the tree of all links, from the stored blocks."""
    from apps.fiscal import tree
    from apps.fiscal.merkle import inclusion_ranges

    for number in range(10):
        for start, end in inclusion_ranges(number * count // 10, count):
            tree.grown(start, end)


def archived(path: Path) -> None:
    """Archive everything, as the command does."""
    from apps.fiscal.services.write_archive import announce_archive, write_archive
    from apps.socle.actors import SYSTEM

    span = announce_archive(since=BEGINNING.date(), until=dt.date(9999, 1, 1), acteur=SYSTEM)
    write_archive(span=span, destination=path, acteur=SYSTEM)


def told_by_verify_py(path: Path) -> int:
    """verify.py in a process of its own; return the memory that it took at most, in kB."""
    program = (
        "import runpy, sys\n"
        f"sys.argv = ['verify.py', {str(path)!r}]\n"
        "try:\n"
        f"    runpy.run_path({VERIFIER!r}, run_name='__main__')\n"
        "finally:\n"
        "    print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.splitlines()[-1])


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


def memory_kb(name: str) -> int:
    """Return `VmRSS` (what this process holds) or `VmHWM` (the most that it held), in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@contextmanager
def memory_taken(found: list[int]) -> Iterator[None]:
    """Note how much more than before was held at most meanwhile, in kB."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew at what is held now
    before = memory_kb("VmRSS")
    yield
    found.append(memory_kb("VmHWM") - before)


def verified(tenant: Any, links: int, processes: int) -> tuple[bool, int]:
    """Verify whole, in parts, from a checkpoint, in several processes; return whether all held, and memory in kB."""
    from apps.fiscal.checkpoints import Checkpoint
    from apps.fiscal.services.verify_chain import verify_chain
    from apps.fiscal.stored_links import read_place

    found, grown = [], list[int]()
    with memory_taken(grown):
        found.append(timed("verified whole, as the nightly task does", links, verify_chain))
    for _again in range(3):
        timed("of it: hashes and linkage alone", links, lambda: hashes_and_linkage(tenant.pk, links))
    timed("of it: signatures alone", 20_000, lambda: signatures(tenant.pk, 20_000))
    timed("of it: columns, snapshots, days, in SQL", links, lambda: content(tenant.pk, links))
    timed("for comparison: hashes and linkage in SQL", links, lambda: in_sql(tenant.pk))
    since = links - links // 20
    place = read_place(tenant.pk, since)
    assert place
    checkpoint = Checkpoint(since, place.chain_hash)
    tail = links - since + 1
    found.append(timed("verified from a checkpoint: the last twentieth", tail, lambda: verify_chain(since=checkpoint)))
    label = f"verified whole in {processes} processes"
    found.append(timed(label, links, lambda: verify_chain(processes=processes)))
    return all(one.holds for one in found) and [one.entries for one in found] == [links, tail, links], grown[0]


def handed_out(tenant: Any, links: int, folder: Path) -> int:
    """Proofs, archive, verify.py; return the memory that writing the archive took, in kB."""
    from apps.fiscal.tree import store_blocks

    timed("proofs: ten paths without stored blocks", 10, lambda: proofs(tenant.pk, links))
    timed("blocks of 1,024 stored, in links", links, lambda: store_blocks(links))
    timed("proofs: ten paths with stored blocks", 10, lambda: proofs(tenant.pk, links))
    grown = list[int]()
    with memory_taken(grown):
        timed("archived to a file, in links", links, lambda: archived(folder / "a.zip"))
    peak = timed("verify.py of the archive, in links", links, lambda: told_by_verify_py(folder / "a.zip"))
    size = (folder / "a.zip").stat().st_size
    print(f"archive: {size / 2**20:.0f} MB; verify.py took at most {peak / 1024:.0f} MB")
    return grown[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=200_000)
    parser.add_argument("--appends", type=int, default=500)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()

    import django

    django.setup()
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope
    from tests.support.database import database_for_tests

    with database_for_tests(), tempfile.TemporaryDirectory() as folder:
        tenant = make_tenant()
        appended(make_tenant(slug="saint-luc", name="Clinique Saint-Luc"), options.appends)
        timed(
            f"loaded by COPY: {options.links:,} links and their facts",
            options.links,
            lambda: load(tenant, options.links),
        )
        with scope(tenant.pk):
            held, verifying = verified(tenant, options.links, options.processes)
            archiving = handed_out(tenant, options.links, Path(folder))
    print(
        f"memory taken by verifying: {verifying / 1024:.0f} MB, by archiving: {archiving / 1024:.0f} MB; holds: {held}"
    )
    return 0 if held and max(verifying, archiving) < MEMORY_ALLOWED_KB else 1


if __name__ == "__main__":
    sys.exit(main())
