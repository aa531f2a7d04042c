"""How fast facts are posted, and how long a balance and the pages of a large account take.

    .venv/bin/python -m benchmarks.ledger [--facts 500] [--lines 200000] [--repeat 20]

Makes a test database; posts facts through the ledger's subscriber as the runtime role, each in a
transaction of its own; then loads a month of one account by COPY through the maintenance login, its
triggers off, totals computed, and reads it through the selectors under row security, as a screen does.
Fails when the kept totals are not the sums of the lines.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

TABLES = ("comptabilite_ecriture", "comptabilite_ligneecriture", "comptabilite_totalcompte")


def report(what: str, times: list[float]) -> None:
    """Print median and 95th percentile in milliseconds."""
    p95 = sorted(times)[int(len(times) * 0.95)]
    print(f"{what:48} {statistics.median(times) * 1000:8.1f} {p95 * 1000:8.1f} ms")


def timed(action: Callable[[], object], repeat: int) -> list[float]:
    """Return how long each of `repeat` runs took, in seconds."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return times


def post_facts(tenant_id: uuid.UUID, count: int) -> None:
    """Post invoices of three lines, and the same entries by the SQL function alone."""
    from django.db import connection

    from apps.comptabilite.grand_livre.models import Journal
    from apps.comptabilite.tests.grand_livre.factories import compte, document, facture, poster
    from apps.socle.scope import scope

    def through_django() -> None:
        with scope(tenant_id):
            facture(("CONSULTATION", 5000), ("LABORATOIRE", 4500), ("LABORATOIRE", 2000))

    times = timed(through_django, count)
    print(f"facts through Django: {count / sum(times):.0f} a second")
    report("one fact: source, tenant lock, fact, entry", times)
    with scope(tenant_id):
        ids = {numero: compte(numero).pk for numero in ("4111", "70611", "70613")}
        journal = Journal.objects.get(code="VT").pk
    lines = [(ids["4111"], 11500, 0), (ids["70611"], 0, 5000), (ids["70613"], 0, 4500), (ids["70613"], 0, 2000)]

    def alone() -> None:
        with scope(tenant_id), connection.cursor() as cursor:
            poster(cursor, tenant_id, document(lines, journal))

    times = timed(alone, count)
    print(f"entries by the function alone, scope and commit: {count / sum(times):.0f} a second")
    report("one entry of four lines", times)


def load_month(tenant_id: uuid.UUID, lines: int) -> None:
    """COPY a month of two-line entries on account 4111 of the tenant, spread over its days."""
    from apps.comptabilite.grand_livre.models import Journal, Periode
    from apps.comptabilite.tests.grand_livre.factories import compte
    from apps.socle.fields import uuid7
    from apps.socle.scope import scope
    from tests.support.database import connect_as

    with scope(tenant_id):
        client, produit, journal = compte("4111").pk, compte("70611").pk, Journal.objects.get(code="VT").pk
        periode = Periode.objects.order_by("debut").first()
    entries = [(uuid7(), periode.debut + dt.timedelta(days=n * 31 // lines)) for n in range(lines)]
    entete = ", ".join(
        [
            "id",
            "tenant_id",
            "journal_id",
            "periode_id",
            "date_ecriture",
            "libelle",
            "piece_justificative",
            "devise",
            "montant",
            "nombre_lignes",
            "statut",
            "auteur_type",
            "auteur_libelle",
            "date_creation",
            "date_modification",
        ]
    )
    switch(TABLES, on=False)
    with connect_as("maintenance", autocommit=False) as connection, connection.cursor() as cursor:
        with cursor.copy(f"copy comptabilite_ecriture ({entete}) from stdin") as copy:
            for pk, day in entries:
                copy.write_row(
                    (
                        pk,
                        tenant_id,
                        journal,
                        periode.pk,
                        day,
                        "Facture",
                        "FAC",
                        "XAF",
                        1000,
                        2,
                        "A_VALIDER",
                        "system",
                        "x",
                        day,
                        day,
                    )
                )
        with cursor.copy(
            "copy comptabilite_ligneecriture (id, tenant_id, ecriture_id, ordre, compte_id, libelle, montant_debit,"
            " montant_credit, devise, jour) from stdin"
        ) as copy:
            for pk, day in entries:
                copy.write_row((uuid7(), tenant_id, pk, 0, client, "Facture", 1000, 0, "XAF", day))
                copy.write_row((uuid7(), tenant_id, pk, 1, produit, "Facture", 0, 1000, "XAF", day))
        cursor.execute(
            "insert into comptabilite_totalcompte (id, tenant_id, compte_id, jour, statut, devise, debit, credit, nombre)"
            " select gen_random_uuid(), l.tenant_id, l.compte_id, l.jour, 'A_VALIDER', l.devise, sum(l.montant_debit),"
            " sum(l.montant_credit), count(*) from comptabilite_ligneecriture l where l.tenant_id = %s and l.jour < %s"
            " group by 2, 3, 4, 6",
            [tenant_id, periode.fin + dt.timedelta(days=1)],
        )
    switch(TABLES, on=True)
    with connect_as("owner") as connection:
        for table in TABLES:
            connection.execute(f"analyze {table}")


def switch(tables: tuple[str, ...], *, on: bool) -> None:
    """Turn our own triggers off for a load, and on again as they were: always."""
    from tests.support.database import connect_as

    with connect_as("owner") as connection:
        for table in tables:
            query = "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal"
            for (name,) in connection.execute(query, [table]).fetchall():
                connection.execute(f"alter table {table} {'enable always' if on else 'disable'} trigger {name}")


def read_month(lines: int, repeat: int) -> None:
    """Time the balance and the first, middle and last page of the large account."""
    from apps.comptabilite.grand_livre.models import Periode
    from apps.comptabilite.grand_livre.selectors import balance, grand_livre
    from apps.comptabilite.tests.grand_livre.factories import compte

    month = Periode.objects.order_by("debut").first()
    client, heading = compte("4111"), compte("41")
    pages = grand_livre(client, month.debut, month.fin, devise="XAF").pages
    print(f"{lines:,} lines of 4111 in one month, {pages:,} pages")
    report("balance of the month", timed(lambda: balance(month.debut, month.fin, devise="XAF"), repeat))
    for what, account, page in (
        ("first page", client, 1), ("page in the middle", client, pages // 2), ("last page", client, pages),
        ("last page of the heading 41", heading, pages),
    ):  # fmt: skip
        report(
            f"grand livre, {what}",
            timed(lambda a=account, p=page: grand_livre(a, month.debut, month.fin, devise="XAF", page=p), repeat),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=500)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()

    import django

    django.setup()
    from apps.comptabilite.grand_livre.selectors import ecarts_totaux
    from apps.comptabilite.grand_livre.subscribers import comptabiliser_fait
    from apps.comptabilite.tests.grand_livre.factories import DECLARATIONS
    from apps.organisations.tests.factories import make_tenant
    from apps.socle import facts
    from apps.socle.scope import scope
    from tests.support.database import database_for_tests

    facts._declarations = {declaration.type: declaration for declaration in DECLARATIONS}
    facts._subscribers = {"comptabilite": comptabiliser_fait}
    with database_for_tests():
        tenant, large = make_tenant(), make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
        post_facts(tenant.pk, options.facts)
        started = time.perf_counter()
        load_month(large.pk, options.lines)
        print(f"loaded in {time.perf_counter() - started:.0f} s")
        with scope(large.pk):
            read_month(options.lines, options.repeat)
            started = time.perf_counter()
            wrong = ecarts_totaux()
            print(
                f"nightly recomputation of the tenant: {time.perf_counter() - started:.1f} s, {len(wrong)} differences"
            )
        with scope(tenant.pk):
            wrong += ecarts_totaux()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
