"""How fast a paper till is taken over, and whether it comes to the franc.

    .venv/bin/python -m benchmarks.takeover [--days 31] [--profile FILE]

Makes a test database, provisions a hospital, and takes over the month of `tests/data/caisse-2026-10`
as `importer_caisse` does, as the runtime role. Prints receipts a second by the clock, and by the seconds of
processor of this process and of its server, which a crowded machine changes less; fails unless invoices, receipts, movements, ledger and chain
come to what `attendu.json` and the files say.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import json
import os
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

MONTH = Path(__file__).resolve().parent.parent / "tests" / "data" / "caisse-2026-10"


def first_days(days: int) -> tuple[bytes, bytes]:
    """Return both files cut after so many days."""
    last = f"2026-10-{days:02d}"

    def cut(name: str) -> bytes:
        lines = (MONTH / name).read_text(encoding="utf-8").splitlines()
        return "\n".join([lines[0], *(line for line in lines[1:] if line.split(";")[1][:10] <= last)]).encode()

    return cut("recettes.csv"), cut("encaissements.csv")


def sums(content: bytes, column: str) -> dict[str, int]:
    """Add a file up by one of its columns (the day, for the moment), without the code that is measured."""
    total: dict[str, int] = defaultdict(int)
    for row in csv.DictReader(content.decode().splitlines(), delimiter=";"):
        total[row[column][:10] if column == "date_heure" else row[column]] += int(row["montant"])
    return dict(total)


def found(tenant: Any) -> dict[str, Any]:
    """Return what the books hold, read from the documents themselves."""
    from zoneinfo import ZoneInfo

    from django.db.models import Count, Sum
    from django.db.models.functions import TruncDate

    from apps.comptabilite.caisse.models import FactureCaisse, PaiementQuittance, Quittance
    from apps.comptabilite.grand_livre.models import ImputationEnAttente, LigneEcriture
    from apps.facturation.models import InvoiceLine
    from apps.fiscal.models import FiscalEntry
    from apps.hospital.models import Patient
    from apps.mouvements.models import SoldeTiers
    from apps.socle.models import Fait

    def whole(rows: Any) -> dict[str, int]:
        return {str(key): int(amount) for key, amount in rows if amount}

    def total(rows: Any, column: str) -> int:
        return int(rows.aggregate(s=Sum(column))["s"] or 0)

    day = TruncDate("date_paiement", tzinfo=ZoneInfo(tenant.time_zone))
    ledger = LigneEcriture.objects.aggregate(d=Sum("montant_debit"), c=Sum("montant_credit"))
    claims = LigneEcriture.objects.filter(compte__numero="4111").aggregate(
        d=Sum("montant_debit"), c=Sum("montant_credit")
    )
    return {
        "par_type": whole(InvoiceLine.objects.order_by().values_list("category").annotate(Sum("total_ttc"))),
        "par_mode": whole(PaiementQuittance.objects.order_by().values_list("moyen").annotate(Sum("montant"))),
        "par_jour": whole(Quittance.objects.order_by().annotate(j=day).values_list("j").annotate(Sum("montant_paye"))),
        "facture": total(InvoiceLine.objects, "total_ttc"),
        "encaisse": total(Quittance.objects, "montant_paye"),
        "lignes": InvoiceLine.objects.count(),
        "encaissements": PaiementQuittance.objects.count(),
        "recettes": FactureCaisse.objects.count(),
        "patients": Patient.objects.count(),
        "grand livre équilibré": ledger["d"] == ledger["c"],
        "créances": (int(claims["d"] or 0), int(claims["c"] or 0)),
        "soldes": total(SoldeTiers.objects, "montant_actuel"),
        "faits chaînés": Fait.objects.aggregate(n=Count("pk"))["n"] == FiscalEntry.objects.count(),
        "imputations en attente": ImputationEnAttente.objects.count(),
    }


def expected(contents: tuple[bytes, bytes], days: int) -> dict[str, Any]:
    """Return what the files come to; for the whole month, what their owner says of them."""
    receipts = list(csv.DictReader(contents[0].decode().splitlines(), delimiter=";"))
    invoiced, paid = sums(contents[0], "type_recette"), sums(contents[1], "mode_paiement")
    wanted = {
        "par_type": {k: v for k, v in invoiced.items() if v},
        "par_mode": paid,
        "par_jour": sums(contents[1], "date_heure"),
        "facture": sum(invoiced.values()),
        "encaisse": sum(paid.values()),
        "lignes": len(receipts),
        "encaissements": len(contents[1].splitlines()) - 1,
        "recettes": len({row["recu_papier"] for row in receipts}),
        "patients": len({row["patient_numero"] for row in receipts}),
    }
    if days >= 31:
        owner = json.loads((MONTH / "attendu.json").read_text(encoding="utf-8"))
        assert wanted == {name: owner[name] for name in wanted}, "the files are not those of attendu.json"
    return {
        **wanted,
        "grand livre équilibré": True,
        "créances": (wanted["facture"], wanted["encaisse"]),
        "soldes": wanted["facture"] - wanted["encaisse"],
        "faits chaînés": True,
        "imputations en attente": 0,
    }


def take_over(tenant: Any, contents: tuple[bytes, bytes]) -> Any:
    """Take the files over as the command does; return the finished document."""
    from apps.comptabilite.caisse.choices import OrigineReprise
    from apps.comptabilite.caisse.reprise.execution import (
        REPRISE,
        controler_reprise,
        examiner,
        executer,
        lire_contenus,
        seul,
    )
    from apps.comptabilite.caisse.services.conduire_reprise import lancer_reprise
    from apps.comptabilite.caisse.services.deposer_reprise import deposer_reprise
    from apps.socle.progress import ProgressLine
    from apps.socle.scope import scope

    with seul(tenant.id):
        lecture = lire_contenus(tenant, contents)
        with scope(tenant.id):
            reprise = deposer_reprise(
                recettes=contents[0], encaissements=contents[1], nom_recettes="recettes.csv",
                nom_encaissements="encaissements.csv", origine=OrigineReprise.COMMANDE, acteur=REPRISE,
            )  # fmt: skip
            controler_reprise(reprise=reprise, examen=examiner(tenant, lecture, reprise.id), acteur=REPRISE)
            lancer_reprise(reprise_id=reprise.id, acteur=REPRISE)
        line = ProgressLine(sys.stderr, "reprise", "passages")
        done = executer(tenant, reprise.id, lecture, line)
        line.close()
        return done


def server_seconds() -> float | None:
    """Return the seconds of processor of this connection's server process, where it runs on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return None
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()

    import django

    django.setup()
    from apps.fiscal.services.verify_chain import verify_chain
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope
    from tests.support.database import database_for_tests

    contents = first_days(options.days)
    wanted = expected(contents, options.days)
    with database_for_tests():
        tenant = make_tenant()
        profile = cProfile.Profile() if options.profile else None
        served = server_seconds()
        started, worked = time.perf_counter(), time.process_time()
        if profile:
            profile.enable()
        done = take_over(tenant, contents)
        if profile:
            profile.disable()
            profile.dump_stats(options.profile)
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
        server = (server_seconds() or 0) - (served or 0)
        with scope(tenant.id):
            got, chain = found(tenant), verify_chain()
    receipts = wanted["recettes"]
    print(
        f"{receipts:,} receipts, {wanted['lignes']:,} lines, {wanted['encaissements']:,} payments: {seconds:.1f} s,"
        f" {receipts / seconds:.0f} receipts a second"
    )
    print(
        f"of processor: {processor:.1f} s of Python, {server:.1f} s of PostgreSQL,"
        f" {receipts / (processor + server):.0f} receipts a second of both"
    )
    print(f"chain: {chain.entries:,} links, holds: {chain.holds}")
    wrong = {name: (value, got[name]) for name, value in wanted.items() if got[name] != value}
    for name, (value, other) in wrong.items():
        print(f"{name}: {other}, expected {value}")
    return 0 if chain.holds and not wrong and Decimal(done.bilan["encaisse"]) == wanted["encaisse"] else 1


if __name__ == "__main__":
    sys.exit(main())
