"""From any figure to the document that made it: the legal invoice, the receipt, the account."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.selectors import solde
from apps.organisations.tests.factories import make_user
from apps.socle.facts import source_link, source_url

pytestmark = pytest.mark.database


@pytest.fixture
def vente(guichet: Guichet):
    return vendre_au_comptant(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN", "LB-NFS", "LB-GE"),
        paiements=[especes(11500, 20000)],
        acteur=guichet.caissiere,
    )


@pytest.mark.urls("config.urls_staff")
def test_each_document_has_its_address(vente) -> None:
    quittance, facture = vente.quittance, vente.facture
    assert source_link("comptabilite.Quittance", quittance.id) == (
        f"/caisse/quittances/{quittance.id}/",
        quittance.numero_quittance,
    )
    assert source_link("comptabilite.FactureCaisse", facture.id) == (
        f"/caisse/factures/{facture.id}/",
        facture.numero_travail,
    )
    assert source_url("comptabilite.Quittance", quittance.id) == f"/caisse/quittances/{quittance.id}/"


def test_the_account_of_the_patient_is_settled_and_leads_to_both(guichet: Guichet, vente, client: Client) -> None:
    """The receipt names its invoice: that claim is settled, whatever else is open."""
    tiers = guichet.patient.tiers
    assert solde(tiers.id, "XAF") == 0
    assert set(MouvementFinancier.objects.values_list("sens", "statut")) == {("debit", "payé"), ("credit", "payé")}
    client.force_login(make_user(guichet.tenant, "auditeur"))
    texte = client.get(f"/{guichet.tenant.slug}/tiers/{tiers.id}/").content.decode()
    assert f"/caisse/quittances/{vente.quittance.id}/" in texte
    assert f"/factures/{vente.facture.invoice_id}/" in texte
    page = client.get(f"/{guichet.tenant.slug}/factures/{vente.facture.invoice_id}/")
    assert vente.facture.numero_travail in page.content.decode()
    assert page.context["traces"][0].kind == "Mouvement"


def test_a_second_invoice_paid_first_leaves_the_first_open(guichet: Guichet, vente) -> None:
    ancienne, recente = (
        valider_facture(facture_id=make_facture(guichet, "CONS-GEN").id, acteur=guichet.comptable) for _ in range(2)
    )
    encaisser_facture(facture_id=recente.id, paiements=[especes(5000)], acteur=guichet.caissiere)
    statuts = dict(MouvementFinancier.objects.filter(sens="debit").values_list("reference_origine", "statut"))
    assert statuts[str(ancienne.invoice_id)] == "en_attente"
    assert statuts[str(recente.invoice_id)] == "payé"
