"""kill -9 of the web in the middle of 200 collections: nothing half-written, and asking again completes them once.

A real gunicorn serves the till from the test database; several hands collect at once, each sale
under its own key, as the screen does.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import requests
from django.db import connections
from django.db.models import Count, F, Sum

from apps.comptabilite.caisse.models import AllocationPaiement, FactureCaisse, PaiementQuittance, Quittance
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.comptabilite.grand_livre.selectors import ecarts_totaux
from apps.comptabilite.tests.caisse.factories import Guichet, make_guichet
from apps.facturation.models import Invoice
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.verify_chain import verify_chain
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.selectors import ecarts_de_solde
from apps.organisations.tests.factories import PASSWORD
from apps.socle.models import Fait, IdempotencyKey
from apps.socle.scope import scope

pytestmark = [pytest.mark.launcher, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent
SALES = 200
HANDS = 4
KILLED_AFTER = 40


@pytest.fixture
def guichet(committed_tenant) -> Guichet:
    return make_guichet(committed_tenant)


def database_url() -> str:
    """Return the URL of the test database, as the runtime login."""
    named = connections["default"].settings_dict
    return f"postgresql://{quote(named['USER'])}:{quote(named['PASSWORD'])}@{named['HOST']}:{named['PORT']}/{named['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve from the test database; yield the address and the process, whose group is killed at the end."""
    port = free_port()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings", "DATABASE_URL": database_url()}
    environment.pop("DATABASE_OWNER_URL", None)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:config.gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "config.wsgi",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process, log)
        yield address, process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(f"{address}/sante/", timeout=2).ok:
                return
        time.sleep(0.1)
    raise AssertionError(f"the web did not start:\n{log.read_text()}")


def signed_in(address: str, guichet: Guichet) -> requests.Session:
    """Sign the cashier in through the door that people use."""
    from apps.organisations.models import User

    client = requests.Session()
    client.get(f"{address}/compte/login/", timeout=30)
    username = User.objects.get(pk=guichet.caissiere.id).username
    answer = client.post(
        f"{address}/compte/login/",
        data={"login": username, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]},
        timeout=30,
    )
    assert "Connexion" not in answer.text, answer.text[:500]
    return client


def sale(guichet: Guichet, key: str, token: str) -> str:
    """Return the body that the screen sends for a consultation and a thick film in cash."""
    return urlencode(
        {
            "csrfmiddlewaretoken": token,
            "cle_idempotence": key,
            "patient": str(guichet.patient.id),
            "lignes-0-code": "CONS-GEN",
            "lignes-0-quantite": "1",
            "lignes-1-code": "LB-GE",
            "lignes-1-quantite": "1",
            "paiements-0-moyen": "ESPECES",
            "paiements-0-montant": "7 000",
            "paiements-0-calcule": "",
            "paiements-0-recu": "10 000",
            "faire": "encaisser",
        }
    )


class Hands:
    """Several threads that post every sale once each; a lost answer is a sale whose fate is unknown."""

    def __init__(self, address: str, guichet: Guichet, keys: list[str]) -> None:
        self.address, self.guichet = address, guichet
        self.waiting: queue.Queue[str] = queue.Queue()
        for key in keys:
            self.waiting.put(key)
        self.done: list[str] = []
        self.stopped = threading.Event()
        self.client = signed_in(address, guichet)
        self.threads = [threading.Thread(target=self._work) for _hand in range(HANDS)]
        for thread in self.threads:
            thread.start()

    def _work(self) -> None:
        url = f"{self.address}/{self.guichet.tenant.slug}/caisse/"
        token = self.client.cookies["csrftoken"]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{c.name}={c.value}" for c in self.client.cookies),
        }
        while not self.stopped.is_set():
            try:
                key = self.waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answer = requests.post(
                    url, data=sale(self.guichet, key, token), headers=headers, timeout=30, allow_redirects=False
                )
            except (requests.RequestException, HTTPException):
                return
            if answer.status_code == 302 and "/quittances/" in answer.headers["Location"]:
                self.done.append(key)

    def wait_until_done(self, count: int) -> None:
        deadline = time.monotonic() + 120
        while len(self.done) < count and time.monotonic() < deadline:
            time.sleep(0.01)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(120)


def check_nothing_is_half_written(guichet: Guichet) -> int:
    """Assert that what exists of each sale exists whole; return how many sales there are."""
    with scope(guichet.tenant.id):
        receipts = Quittance.objects.count()
        facts = Fait.objects.filter(type="quittance_emise").count()
        assert facts == receipts == IdempotencyKey.objects.filter(route="caisse:vendre").count()
        assert Invoice.objects.filter(paid_status="complete", amount_paid=F("total_ttc")).count() == receipts
        assert FactureCaisse.objects.filter(statut="PAYEE").count() == FactureCaisse.objects.count() == receipts
        assert PaiementQuittance.objects.count() == receipts
        allotted = AllocationPaiement.objects.aggregate(total=Sum("montant"))["total"] or Decimal(0)
        assert allotted == 7000 * receipts
        assert Ecriture.objects.filter(fait__type__in=["quittance_emise", "invoice_issued"]).count() == 2 * receipts
        assert ImputationEnAttente.objects.count() == 0
        assert MouvementFinancier.objects.count() == 2 * receipts
        assert FiscalEntry.objects.count() == Fait.objects.count()
        numbers = Quittance.objects.order_by("numero_quittance").values_list("numero_quittance", flat=True)
        assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, receipts + 1))
        legal = Invoice.objects.order_by("invoice_number").values_list("invoice_number", flat=True)
        assert [int(number.rpartition("-")[2]) for number in legal] == list(range(1, receipts + 1))
        sides = LigneEcriture.objects.values("ecriture").annotate(
            n=Count("pk"), ecart=Sum("montant_debit") - Sum("montant_credit")
        )
        assert not [side for side in sides if side["ecart"] or side["n"] < 2]
        assert list(ecarts_totaux()) == []
        assert list(ecarts_de_solde()) == []
        chain = verify_chain()
        assert chain.holds, chain.first
    return receipts


def test_a_web_killed_in_mid_payment_leaves_nothing_half_written_and_asking_again_completes_once(
    guichet: Guichet, tmp_path: Path
) -> None:
    keys = [str(uuid.uuid4()) for _sale in range(SALES)]
    with web(tmp_path / "web.log") as (address, process):
        hands = Hands(address, guichet, keys)
        hands.wait_until_done(KILLED_AFTER)
        os.killpg(process.pid, signal.SIGKILL)
        hands.join()
    answered = len(hands.done)
    assert KILLED_AFTER <= answered < SALES, (tmp_path / "web.log").read_text()[-2000:]
    committed = check_nothing_is_half_written(guichet)
    assert answered <= committed <= answered + HANDS, "a lost answer is one that the server may have carried out"
    with web(tmp_path / "web.log") as (address, _process):
        again = Hands(address, guichet, keys)
        again.join()
    assert sorted(again.done) == sorted(keys), "every sale is answered with its receipt, done now or before"
    assert check_nothing_is_half_written(guichet) == SALES
