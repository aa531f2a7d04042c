"""« Encaisser et imprimer »: three services, one transaction, one key."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.caisse.services.vendre_au_comptant import (
    encaisser_une_fois,
    vendre_au_comptant,
    vendre_une_fois,
)
from apps.comptabilite.tests.caisse.factories import Guichet, especes, lignes, make_facture, mobile
from apps.facturation.models import Invoice
from apps.hospital.models import Prestation, Session
from apps.organisations.tests.factories import make_acteur
from apps.socle.errors import BusinessError, Conflict
from apps.socle.models import Fait

D = Decimal


def test_one_call_makes_invoice_validation_and_receipt(guichet: Guichet) -> None:
    vente = vendre_au_comptant(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN", "LB-NFS", "LB-GE"),
        paiements=[mobile(5000), especes(6500, 10_000)],
        acteur=guichet.caissiere,
        motif="consultation",
    )
    assert (vente.facture.statut, vente.quittance.montant_paye, vente.quittance.motif) == (
        "PAYEE",
        D(11_500),
        "consultation",
    )
    assert set(Fait.objects.exclude(type="fonds_de_caisse").values_list("type", flat=True)) == {
        "invoice_issued",
        "quittance_emise",
    }


def test_a_free_act_is_sold_without_a_receipt(guichet: Guichet) -> None:
    vente = vendre_au_comptant(
        patient_id=guichet.patient.id, lignes=lignes("LB-VIH"), paiements=[], acteur=guichet.caissiere
    )
    assert (vente.facture.statut, vente.quittance) == ("PAYEE", None)


@pytest.mark.parametrize(
    ("codes", "montant", "code"),
    [((("IM-SCA", 1, 80_000),), 80_000, "validation-required"), (("CONS-GEN",), 6000, "payment-exceeds-invoice")],
)
def test_a_sale_that_cannot_be_leaves_nothing(guichet: Guichet, codes: tuple, montant: int, code: str) -> None:
    avant = Fait.objects.count()
    with pytest.raises(BusinessError) as refus:
        vendre_au_comptant(
            patient_id=guichet.patient.id, lignes=lignes(*codes), paiements=[especes(montant)], acteur=guichet.caissiere
        )
    assert refus.value.code == code
    restes = [modele.objects.count() for modele in (FactureCaisse, Quittance, Invoice, Prestation, Session)]
    assert (restes, Fait.objects.count()) == ([0] * 5, avant)


def vendre(guichet: Guichet, cle: str, montant: int = 5000):
    return vendre_une_fois(
        cle=cle,
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN"),
        paiements=[especes(montant)],
        acteur=guichet.caissiere,
    )


def test_the_same_key_twice_sells_once(guichet: Guichet) -> None:
    premiere, seconde = vendre(guichet, "formulaire-1"), vendre(guichet, "formulaire-1")
    assert (premiere.replayed, seconde.replayed) == (False, True)
    assert premiere.result_id == seconde.result_id == FactureCaisse.objects.get().id
    assert Quittance.objects.count() == 1
    with pytest.raises(Conflict) as refus:
        vendre(guichet, "formulaire-1", montant=4000)
    assert refus.value.code == "idempotency-key-reused"
    assert not vendre(guichet, "formulaire-2").replayed
    assert Quittance.objects.count() == 2


def test_a_refusal_is_not_kept_the_same_key_may_try_again(guichet: Guichet) -> None:
    with pytest.raises(BusinessError):
        vendre(guichet, "cle", montant=9999)
    assert not vendre(guichet, "cle").replayed


def test_another_cashiers_key_is_another_key(guichet: Guichet) -> None:
    vendre(guichet, "cle")
    autre = make_acteur(guichet.tenant, "caissier")
    with pytest.raises(BusinessError) as refus:
        vendre_une_fois(
            cle="cle", patient_id=guichet.patient.id, lignes=lignes("CONS-GEN"), paiements=[especes(5000)], acteur=autre
        )
    assert refus.value.code == "till-closed"


def test_collecting_twice_with_one_key_collects_once(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    issues = [
        encaisser_une_fois(cle="k", facture_id=facture.id, paiements=[especes(4000)], acteur=guichet.caissiere)
        for _fois in range(2)
    ]
    assert [issue.replayed for issue in issues] == [False, True]
    assert Quittance.objects.get().id == issues[0].result_id
    gratuite = make_facture(guichet, "LB-VIH")
    issue = encaisser_une_fois(cle="z", facture_id=gratuite.id, paiements=[], acteur=guichet.caissiere)
    assert issue.result_id == gratuite.id
