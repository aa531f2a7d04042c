"""How long a cashier waits for a patient's name among 100,000, in one tenant of two.

    .venv/bin/python -m benchmarks.patient_search [--patients 100000] [--repeat 20] [--explain]

Makes a test database, loads both tenants by COPY through the maintenance login, and asks through
`hospital.selectors` as the runtime role, under row security, as a screen does. Prints the median
and the 95th percentile in milliseconds, and fails when a question reads the table of words whole.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import Iterator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.settings")

SURNAMES = [
    "Fotso",
    "Mbarga",
    "Nana",
    "Koné",
    "Tchoumi",
    "Abega",
    "Eyenga",
    "Ngo",
    "Bassa",
    "M’Bappé",
    "Eto’o",
    "Kamga",
    "Talla",
    "Njoya",
    "Atangana",
    "Essomba",
    "Owona",
    "Biya",
    "Manga",
    "Oumarou",
    "Bello",
    "Hamadou",
    "Ndongo",
    "Zambo",
    "Mvondo",
    "Nkoulou",
    "Tsafack",
    "Kenfack",
    "Djoumessi",
    "Fouda",
    "Onana",
    "Song",
    "Ateba",
]
FIRST_NAMES = [
    "Gaël",
    "Chantal",
    "Fadimatou",
    "Solange",
    "Amina",
    "Rose",
    "Paul",
    "Landry",
    "Élodie",
    "Hervé",
    "Anne-Marie",
    "Jean-Paul",
    "Aïcha",
    "Moussa",
    "Ibrahim",
    "Clarisse",
    "Serge",
    "Brigitte",
    "Patrick",
    "Estelle",
    "Yvette",
    "Marcel",
    "Thérèse",
    "Noël",
    "Zoé",
    "Ulrich",
    "Josué",
    "Mireille",
    "Céline",
    "O",
]
SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "da",
    "de",
    "fo",
    "ga",
    "ka",
    "ki",
    "ko",
    "la",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ngo",
    "nja",
    "nke",
    "ou",
    "pa",
    "ra",
    "sa",
    "ta",
    "tcho",
    "wa",
    "ya",
    "ze",
]
QUESTIONS = (
    ("two beginnings", "mbarga so"), ("reversed", "sola mbar"), ("one word", "fotso"), ("three letters", "tch"),
    ("one letter", "o"), ("the commonest letter", "m"), ("one letter and a name", "o mbarga"),
    ("accents and apostrophe", "M'Bappé Élo"), ("number", "PAT-00412"), ("number, bare", "412"),
    ("phone, spaced", "6 99 12 34"), ("phone, +237", "+237 677 41 20 93"), ("nobody", "xyzzyx"),
)  # fmt: skip


def people(count: int, seed: int) -> Iterator[tuple[str, str, str, dt.date | None]]:
    """Yield (surname, first name, phone, birth date), common names often, rare ones by syllables."""
    dice = random.Random(seed)  # noqa: S311 - made-up names
    for _ in range(count):
        rare = "".join(dice.choices(SYLLABLES, k=3)).capitalize()
        surname = " ".join([dice.choice(SURNAMES), rare] if dice.random() < 0.6 else [dice.choice(SURNAMES)])
        phone = f"6{dice.choice('579')}{dice.randrange(10**7):07d}" if dice.random() < 0.9 else ""
        born = dt.date(1940, 1, 1) + dt.timedelta(dice.randrange(30_000)) if dice.random() < 0.7 else None
        yield surname, dice.choice(FIRST_NAMES), phone, born


def load(tenant_id: uuid.UUID, count: int, seed: int) -> None:
    """COPY `count` patients, their third parties and their words into `tenant_id`."""
    from apps.hospital.mots import ecrire_numero, mots_du_patient
    from apps.socle.fields import uuid7
    from apps.socle.search import search_key
    from tests.support.database import connect_as

    rows = [(uuid7(), uuid7(), ecrire_numero(rank), rank, *who) for rank, who in enumerate(people(count, seed), 1)]
    with connect_as("maintenance", autocommit=False) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "copy organisations_tiers (id, tenant_id, code, nom, type, telephone, email, cle_recherche) from stdin"
        ) as copy:
            for _patient, tiers, number, _rank, surname, first, phone, _born in rows:
                copy.write_row((tiers, tenant_id, number, f"{surname} {first}", "patient", phone, "", number))
        with cursor.copy(
            "copy hospital_patient (id, tenant_id, tiers_id, numero, rang, nom, prenom, sexe, date_naissance, telephone,"
            " cle_recherche, cree_le) from stdin"
        ) as copy:
            for patient, tiers, number, rank, surname, first, phone, born in rows:
                key = search_key(f"{surname} {first}")
                copy.write_row(
                    (
                        patient,
                        tenant_id,
                        tiers,
                        number,
                        rank,
                        surname,
                        first,
                        "",
                        born,
                        phone,
                        key,
                        "2026-01-01 00:00+00",
                    )
                )
        with cursor.copy("copy hospital_patientmot (id, tenant_id, patient_id, mot) from stdin") as copy:
            for patient, _tiers, number, _rank, surname, first, phone, _born in rows:
                for word in mots_du_patient(numero=number, nom=surname, prenom=first, telephone=phone, pays="CM"):
                    copy.write_row((uuid7(), tenant_id, patient, word))
    with connect_as("owner") as connection:
        connection.execute("analyze organisations_tiers")
        connection.execute("analyze hospital_patient")
        connection.execute("analyze hospital_patientmot")


def measure(question: str, repeat: int) -> tuple[float, float, int]:
    """Return median and 95th percentile in milliseconds, and how many were found."""
    from apps.hospital.selectors import chercher_patients

    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        found = chercher_patients(question)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), sorted(times)[int(len(times) * 0.95)], len(found)


def plan_of(question: str) -> str:
    """Return how PostgreSQL answers `question`."""
    from apps.hospital.selectors import patients_trouves

    return patients_trouves(question)[:20].explain(analyze=True, buffers=False)


def measure_page(number: int) -> float:
    """Return the milliseconds that a page of the whole list takes, its count included."""
    from django.core.paginator import Paginator

    from apps.hospital.selectors import patients_trouves

    started = time.perf_counter()
    list(Paginator(patients_trouves(""), 25).get_page(number).object_list)
    return (time.perf_counter() - started) * 1000


def measure_numbers(given: int) -> tuple[float, float]:
    """Give `given` paper numbers ahead of the counter, the last one first; return the seconds of the worst step.

    The worst step is the takeover of number 1, after which the counter moves past all of them at
    once; the second figure is the registration that follows.
    """
    from apps.hospital.services import enregistrer_patient
    from apps.socle.actors import SYSTEM, takeover_actor

    takeover = takeover_actor("benchmark")
    for rank in range(given, 1, -1):
        enregistrer_patient(nom="Fotso", numero=f"PAT-{rank}", acteur=takeover)
    started = time.perf_counter()
    enregistrer_patient(nom="Fotso", numero="PAT-1", acteur=takeover)
    moved = time.perf_counter()
    assert enregistrer_patient(nom="Fotso", acteur=SYSTEM).rang == given + 1
    return moved - started, time.perf_counter() - moved


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--explain", action="store_true", help="print the plans too")
    parser.add_argument("--numbers", type=int, default=5_000)
    options = parser.parse_args()

    import django

    django.setup()
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope
    from tests.support.database import database_for_tests

    with database_for_tests():
        tenants = [make_tenant(), make_tenant(slug="saint-luc", name="Clinique Saint-Luc")]
        started = time.perf_counter()
        for seed, tenant in enumerate(tenants):
            load(tenant.pk, options.patients, seed)
        print(f"{options.patients:,} patients in each of two tenants, loaded in {time.perf_counter() - started:.0f} s")
        slow = []
        with scope(tenants[0].pk):
            for label, question in QUESTIONS:
                median, p95, found = measure(question, options.repeat)
                plan = plan_of(question)
                whole = "Seq Scan on hospital_patientmot" in plan
                slow += [label] if whole else []
                print(
                    f"{label:24} {question!r:22} {median:7.1f} {p95:7.1f} ms  {found:3} found{'  READS ALL' if whole else ''}"
                )
                if options.explain:
                    print(plan)
            for label, number in (("first page of the list", 1), ("last page of the list", 10**9)):
                print(f"{label:24} {measure_page(number):30.1f} ms")
        with scope(make_tenant(slug="saint-jean", name="Dispensaire Saint-Jean").pk):
            worst, after = measure_numbers(options.numbers)
            print(
                f"{options.numbers} paper numbers, taken over backwards: {worst:.2f} s once, then {after * 1000:.0f} ms"
            )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
