"""An establishment that rounds its invoices to 5 FCFA sells, collects and posts like any other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import AllocationPaiement
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.grand_livre.models import LigneEcriture
from apps.comptabilite.tests.caisse.factories import Guichet, especes, make_facture
from apps.organisations.models import Tenant

pytestmark = pytest.mark.database


@pytest.mark.parametrize(("prix", "du", "arrondi"), [(5001, 5000, -1), (5003, 5005, 2), (5005, 5005, 0)])
def test_a_rounded_invoice_is_collected_whole(guichet: Guichet, prix: int, du: int, arrondi: int) -> None:
    Tenant.objects.update(cash_rounding=5)
    facture = make_facture(guichet, ("CONS-GEN", 1, prix))
    facture = valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    assert (facture.montant, facture.invoice.rounding) == (du, arrondi)
    encaisser_facture(facture_id=facture.id, paiements=[especes(du)], acteur=guichet.caissiere)
    facture.refresh_from_db()
    assert facture.statut == "PAYEE"
    assert facture.invoice.paid_status == "complete"
    assert sum(AllocationPaiement.objects.values_list("montant", flat=True)) == du
    lignes = LigneEcriture.objects.filter(ecriture__fait__source_id=facture.invoice_id)
    assert sum(ligne.montant_debit - ligne.montant_credit for ligne in lignes) == 0
    ecart = {-1: "6588", 2: "7588"}.get(arrondi)
    assert [ligne.montant_debit - ligne.montant_credit for ligne in lignes.filter(compte__numero=ecart)] == (
        [Decimal(-arrondi)] if arrondi else []
    )
