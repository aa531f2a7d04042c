"""The paper of a real receipt: original, reprints, and what they say of the chain."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.comptabilite.caisse.impression import pdf_de_quittance, preuve_de
from apps.comptabilite.caisse.models import DuplicataQuittance, Quittance
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.comptabilite.tests.caisse.factories import Guichet, carte, cheque, especes, make_facture, mobile, virement
from apps.fiscal.models import FiscalEntry
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.models import AuditTrail
from apps.socle.scope import scope


def texte_de(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.fixture
def quittance(guichet: Guichet) -> Quittance:
    facture = make_facture(guichet, "IM-SCA", "AU-CARN", "LB-VIH")
    paiements = [especes(10_000, 20_000), mobile(5000), carte(5000), cheque(5000), virement(5000)]
    return encaisser_facture(facture_id=facture.id, paiements=paiements, acteur=guichet.caissiere)


def test_the_original_says_what_was_sold_paid_and_proved(guichet: Guichet, quittance: Quittance) -> None:
    texte = texte_de(pdf_de_quittance(quittance))
    maillon = FiscalEntry.objects.get(entity_id=quittance.id)
    for dit in (
        "Hôpital Sainte-Odile", "Rue Drouot, Akwa, Douala, Cameroun", quittance.numero_quittance, quittance.facture.invoice.invoice_number,
        "Mbarga Nkoulou Solange", guichet.caissiere.label, "Caisse C1", "Scanner cérébral", "85 000", "19,25 %", "CGI art. 128",
        "trente mille francs CFA", "reçu 20 000, rendu 10 000", "MTN Mobile Money MT20261001000010", "TPE77936562, ****0973",
        "n° 5165159, UBA", "VIR20261000107, Ecobank", "Versé ce jour 30 000", "Reste dû 55 500", quittance.code_verification,
        " ".join(maillon.chain_hash[i : i + 4] for i in range(0, 16, 4)), f"Maillon {maillon.sequence_number}",
    ):  # fmt: skip
        assert dit in texte, dit
    assert "DUPLICATA" not in texte


def test_each_reprint_is_a_row_and_bears_its_rank(guichet: Guichet, quittance: Quittance) -> None:
    premier = reimprimer_quittance(quittance_id=quittance.id, acteur=guichet.caissiere)
    autre = make_acteur(guichet.tenant, "comptable", first_name="Rose", last_name="Tchoumi")
    second = reimprimer_quittance(quittance_id=quittance.id, acteur=autre)
    assert [premier.rang, second.rang] == [1, 2]
    assert AuditTrail.objects.filter(action="quittance_reimprimee", model_id=quittance.id).count() == 2
    texte = texte_de(pdf_de_quittance(quittance, second))
    assert "DUPLICATA 2, réimprimé le" in texte
    assert "par Rose Tchoumi" in texte


def test_the_paper_of_that_day_does_not_follow_later_changes(guichet: Guichet, quittance: Quittance) -> None:
    from apps.hospital.services import modifier_patient

    modifier_patient(patient_id=guichet.patient.id, nom="Eyenga", acteur=guichet.caissiere)
    Tenant.objects.update(name="Clinique Nouvelle")
    texte = texte_de(pdf_de_quittance(Quittance.objects.get()))
    assert "Mbarga Nkoulou" in texte
    assert "Hôpital Sainte-Odile" in texte


def test_another_tenants_receipt_is_not_reprinted(guichet: Guichet, quittance: Quittance, autre_tenant: Tenant) -> None:
    with scope(autre_tenant.id):
        acteur = make_acteur(autre_tenant, "caissier")
        with pytest.raises(Quittance.DoesNotExist):
            reimprimer_quittance(quittance_id=quittance.id, acteur=acteur)
    assert not DuplicataQuittance.objects.exists()


def test_without_its_link_there_is_no_proof_to_print(guichet: Guichet) -> None:
    assert preuve_de(Quittance()) is None
