"""kill -9 of the web process in the middle of 200 collections: nothing is half-written, and each is completed exactly once."""

from __future__ import annotations

import http.client
import queue
import threading
from collections import Counter as Comptes
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db.models import Count, F, Sum
from django.utils.crypto import get_random_string

from apps.comptabilite.caisse.models import AllocationPaiement, FactureCaisse, PaiementQuittance, Quittance
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.comptabilite.grand_livre.selectors import ecarts_totaux
from apps.comptabilite.tests.caisse.ecrans import Personne
from apps.comptabilite.tests.caisse.factories import Guichet, make_facture, make_guichet
from apps.facturation.models import Invoice, InvoiceHistory, InvoiceSequence
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.verify_chain import verify_chain
from apps.hospital.models import Prestation
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.selectors import ecarts_de_solde, solde
from apps.organisations.models import Tenant
from apps.socle.models import AuditTrail, Counter, Fait, IdempotencyKey
from apps.socle.scope import scope
from tests.support.web import WebProcess

pytestmark = [pytest.mark.launcher, pytest.mark.django_db(transaction=True)]

VENTES, FACTURES, VERSEMENTS = 100, 10, 10
"""A hundred sales made at once, and ten invoices of 11,500 paid in ten times each."""
ENCAISSEMENTS = VENTES + FACTURES * VERSEMENTS
AVANT_LE_COUP, FILS = 70, 6
PRIX_DE_VENTE, PRIX_DE_FACTURE = Decimal(7000), Decimal(11_500)
Corps = dict[str, str]


@pytest.fixture
def guichet(committed_tenant: Tenant) -> Guichet:
    return make_guichet(committed_tenant)


@pytest.fixture
def dues(guichet: Guichet) -> list[FactureCaisse]:
    """Validated invoices of 11,500 that nobody has paid."""
    factures = [make_facture(guichet) for _rang in range(FACTURES)]
    with scope(guichet.tenant.id):
        return [valider_facture(facture_id=facture.id, acteur=guichet.comptable) for facture in factures]


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[WebProcess]:
    processus = WebProcess("cauris-kill", tmp_path / "web.log")
    processus.start()
    yield processus
    processus.stop()


def vente(guichet: Guichet, rang: int) -> Corps:
    """What the till's screen sends for the sale numbered `rang`; one of four is paid by two means."""
    corps = {
        "faire": "encaisser", "cle_idempotence": f"vente-{rang}", "patient": str(guichet.patient.id), "vu": "7000",
        "lignes-0-code": "CONS-GEN", "lignes-0-quantite": "1", "lignes-1-code": "LB-GE", "lignes-1-quantite": "1",
        "paiements-0-moyen": "ESPECES", "paiements-0-montant": "7000", "paiements-0-recu": "10000",
    }  # fmt: skip
    if rang % 4 == 0:
        corps |= {"paiements-0-montant": "4000", "paiements-1-moyen": "MOBILE", "paiements-1-montant": "3000"}
        corps |= {
            "paiements-1-operateur": "MTN",
            "paiements-1-payeur": "677000001",
            "paiements-1-reference": f"MT{rang}",
        }
    return corps


def versement(rang: int) -> Corps:
    """What the screen of one invoice sends: a tenth of it."""
    montant = str(PRIX_DE_FACTURE / VERSEMENTS)
    return {
        "faire": "encaisser", "cle_idempotence": f"versement-{rang}", "paiements-0-moyen": "ESPECES", "paiements-0-montant": montant,
    }  # fmt: skip


class Guichetiers:
    """Several browsers that post sales at once, until all are answered or the server is gone."""

    def __init__(self, web: WebProcess, guichet: Guichet, dues: list[FactureCaisse]) -> None:
        self.web = web
        personne, jeton = Personne(guichet.tenant, guichet.caissiere), get_random_string(32)
        session = personne.client.cookies[settings.SESSION_COOKIE_NAME].value
        ventes = [(personne.adresse("caisse:encaisser"), vente(guichet, rang)) for rang in range(VENTES)]
        adresses = [personne.adresse("caisse:encaisser_facture", facture.id) for facture in dues]
        versements = [(adresses[rang % FACTURES], versement(rang)) for rang in range(FACTURES * VERSEMENTS)]
        self.demandes = [demande for couple in zip(ventes, versements, strict=True) for demande in couple]
        self.entetes = {
            "Host": "127.0.0.1",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={jeton}",
            "X-CSRFToken": jeton,
        }
        self.reponses: dict[int, str] = {}
        self.sans_reponse: set[int] = set()
        self._a_faire: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._fils: list[threading.Thread] = []
        self._avance = threading.Semaphore(0)

    def lancer(self) -> None:
        self.reponses, self.sans_reponse = {}, set()
        for rang in range(ENCAISSEMENTS):
            self._a_faire.put(rang)
        self._fils = [threading.Thread(target=self._poster) for _fil in range(FILS)]
        for fil in self._fils:
            fil.start()

    def attendre_reponses(self, nombre: int) -> None:
        for _rang in range(nombre):
            assert self._avance.acquire(timeout=60), "the web process answers no more"

    def finir(self) -> None:
        for fil in self._fils:
            fil.join(60)
            assert not fil.is_alive()

    def _poster(self) -> None:
        while True:
            try:
                rang = self._a_faire.get_nowait()
            except queue.Empty:
                return
            try:
                self.reponses[rang] = self._encaisser(rang)
            except (OSError, http.client.HTTPException):
                self.sans_reponse.add(rang)  # the server is gone: so is this browser's page
                return
            self._avance.release()

    def _encaisser(self, rang: int) -> str:
        connexion = http.client.HTTPConnection(*self.web.address, timeout=60)
        adresse, corps = self.demandes[rang]
        try:
            connexion.request("POST", adresse, urlencode(corps), self.entetes)
            reponse = connexion.getresponse()
            assert reponse.status == 302, (rang, reponse.status, reponse.read()[:2000])
            return str(reponse.headers["Location"])
        finally:
            connexion.close()


def sans_trou(numeros: list[str], dernier: int) -> None:
    """The numbers are 1 to n, each once, and their counter stands at n."""
    assert sorted(int(numero.rpartition("-")[2]) for numero in numeros) == list(range(1, len(numeros) + 1))
    assert dernier == len(numeros)


def rien_a_moitie(guichet: Guichet) -> int:
    """Assert that each committed collection is whole and agrees with all that it left; return how many there are."""
    quittances = list(Quittance.objects.select_related("facture__invoice"))
    factures = list(FactureCaisse.objects.select_related("invoice"))
    ventes = [facture for facture in factures if facture.montant == PRIX_DE_VENTE]
    assert Invoice.objects.count() == len(factures) == len(ventes) + FACTURES
    assert Prestation.objects.count() == 2 * len(ventes) + 3 * FACTURES
    cles = IdempotencyKey.objects
    assert set(cles.filter(route="caisse:vendre").values_list("result_id", flat=True)) == {f.id for f in ventes}
    versements = {q.id for q in quittances if q.montant_paye != PRIX_DE_VENTE}
    assert set(cles.filter(route="caisse:encaisser").values_list("result_id", flat=True)) == versements
    assert cles.count() == len(quittances) == len(ventes) + len(versements)
    _documents(factures, quittances)
    _paiements_et_allocations()
    _faits_et_ce_qu_ils_laissent(guichet, factures, quittances)
    sans_trou([quittance.numero_quittance for quittance in quittances], Counter.objects.get(kind="QUIT").last)
    legales = [str(facture.invoice.invoice_number) for facture in factures]
    sans_trou(legales, InvoiceSequence.objects.get(month=None).next_number - 1)
    return len(quittances)


def _documents(factures: list[FactureCaisse], quittances: list[Quittance]) -> None:
    verses: dict[Any, Decimal] = defaultdict(Decimal)
    for quittance in quittances:
        verses[quittance.facture_id] += quittance.montant_paye
        assert quittance.montant_paye == Decimal(quittance.donnees["montant"])
    for facture in factures:
        invoice = facture.invoice
        assert invoice.amount_paid == verses[facture.id] == invoice.total_ttc - invoice.balance_due
        assert (facture.statut == "PAYEE") == (invoice.balance_due == 0) == (invoice.paid_at is not None)
        assert facture.montant == invoice.total_ttc in {PRIX_DE_VENTE, PRIX_DE_FACTURE}
    etapes = {f.id: f.n for f in FactureCaisse.objects.annotate(n=Count("historique"))}
    par_facture = Comptes(quittance.facture_id for quittance in quittances)
    assert etapes == {f.id: 2 + par_facture[f.id] for f in factures}  # made, validated, each payment
    assert InvoiceHistory.objects.count() == len(factures) + len(quittances)


def _paiements_et_allocations() -> None:
    paiements = PaiementQuittance.objects.values("quittance").annotate(
        somme=Sum("montant"), du=F("quittance__montant_paye")
    )
    assert all(ligne["somme"] == ligne["du"] for ligne in paiements)
    assert paiements.count() == Quittance.objects.count()
    allouees = AllocationPaiement.objects.values("paiement").annotate(somme=Sum("montant"), du=F("paiement__montant"))
    assert all(ligne["somme"] == ligne["du"] for ligne in allouees)
    assert allouees.count() == PaiementQuittance.objects.count()
    assert not PaiementQuittance.objects.filter(moyen="MOBILE", mobile__isnull=True).exists()


def _faits_et_ce_qu_ils_laissent(guichet: Guichet, factures: list[FactureCaisse], quittances: list[Quittance]) -> None:
    montants = {q.id: q.montant_paye for q in quittances} | {f.invoice_id: f.montant for f in factures}
    faits = {f.id: f.source_id for f in Fait.objects.filter(type__in=("quittance_emise", "invoice_issued"))}
    assert sorted(faits.values()) == sorted(montants)
    attendus = {fait: montants[source] for fait, source in faits.items()}
    assert dict(MouvementFinancier.objects.filter(fait__in=faits).values_list("fait", "montant")) == attendus
    ecritures = Ecriture.objects.filter(fait__in=faits).values("fait").annotate(somme=Sum("montant"))
    assert {ligne["fait"]: ligne["somme"] for ligne in ecritures} == attendus
    assert not ImputationEnAttente.objects.exists()
    ecarts = LigneEcriture.objects.values("ecriture").annotate(e=Sum("montant_debit") - Sum("montant_credit"))
    assert not ecarts.exclude(e=0).exists()
    assert ecarts_totaux() == []
    assert list(ecarts_de_solde()) == []
    assert solde(guichet.patient.tiers_id, "XAF") == sum(facture.invoice.balance_due for facture in factures)
    traces = AuditTrail.objects.filter(action="quittance_emise").values_list("model_id", flat=True)
    assert sorted(traces) == sorted(quittance.id for quittance in quittances)
    verification = verify_chain()
    assert verification.holds, verification.first
    assert set(FiscalEntry.objects.values_list("fact", flat=True)) == set(Fait.objects.values_list("id", flat=True))
    assert verification.entries == Fait.objects.count()


def test_nothing_is_half_written_and_each_collection_is_completed_once(
    guichet: Guichet, dues: list[FactureCaisse], web: WebProcess
) -> None:
    guichetiers = Guichetiers(web, guichet, dues)
    guichetiers.lancer()
    guichetiers.attendre_reponses(AVANT_LE_COUP)
    web.kill()
    guichetiers.finir()
    premieres = dict(guichetiers.reponses)
    assert guichetiers.sans_reponse, "the blow fell on nobody: nothing was in flight"
    with scope(guichet.tenant.id):
        ecrites = rien_a_moitie(guichet)
        connues = {str(id_) for id_ in Quittance.objects.values_list("id", flat=True)}
    assert len(premieres) <= ecrites < ENCAISSEMENTS
    assert {adresse.split("/")[-2] for adresse in premieres.values()} <= connues  # what was answered is there

    web.start()
    guichetiers.lancer()
    guichetiers.finir()
    assert guichetiers.sans_reponse == set()
    assert {rang: guichetiers.reponses[rang] for rang in premieres} == premieres
    assert len(set(guichetiers.reponses.values())) == ENCAISSEMENTS
    with scope(guichet.tenant.id):
        assert rien_a_moitie(guichet) == ENCAISSEMENTS
