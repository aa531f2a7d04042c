"""The clock goes over New Year and is set back: nothing is numbered in the year that is over, but by a takeover."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.grand_livre.services.ouvrir_exercice import assurer_exercice
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.caisse.factories import REPRISE, Guichet, especes, lignes, make_facture
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError
from apps.socle.models import Counter

pytestmark = pytest.mark.database


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch):
    """Set the only clock."""

    def regler(moment: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return regler


def vendre(guichet: Guichet) -> Quittance:
    facture = make_facture(guichet, "CONS-GEN")
    return encaisser_facture(facture_id=facture.id, paiements=[especes(5000)], acteur=guichet.caissiere)


def compteurs() -> dict[tuple[str, int], int]:
    return {(c.kind, c.year): c.last for c in Counter.objects.all()}


def test_a_clock_set_back_over_new_year_stops_the_till_and_not_the_takeover(guichet: Guichet, horloge) -> None:
    avant = now()
    annee = local_date("Africa/Douala").year
    horloge(datetime(annee + 1, 1, 1, 8, tzinfo=avant.tzinfo))
    assert vendre(guichet).numero_quittance == f"QUIT-{annee + 1}-00001"

    horloge(avant + timedelta(minutes=1))
    pris = compteurs()
    with pytest.raises(BusinessError) as refus:
        vendre(guichet)
    assert refus.value.code == "clock-set-back"
    assert f"de {annee + 1} sont déjà pris" in str(refus.value)
    assert compteurs() == pris, "the refusal gives every number back"

    hier = avant - timedelta(days=1)
    options = {"acteur": REPRISE, "le": hier}
    facture = facturer_patient(
        patient_id=guichet.patient.id, lignes=lignes("CONS-GEN"), caissier_id=guichet.caissiere.id, **options
    )
    quittance = encaisser_facture(
        facture_id=facture.id, paiements=[especes(5000)], session_caisse_id=guichet.session.id, **options
    )
    assert quittance.numero_quittance == f"QUIT-{annee}-00001"
    assert FactureCaisse.objects.get(pk=facture.pk).invoice.invoice_number == f"FAC-{annee}-00001"


def test_entries_of_december_are_validated_after_those_of_january(guichet: Guichet, horloge) -> None:
    """Their year is their date's, whenever they are numbered."""
    annee = local_date("Africa/Douala").year
    decembre = list(Ecriture.objects.values_list("id", flat=True))
    horloge(datetime(annee + 1, 1, 3, 8, tzinfo=now().tzinfo))
    assurer_exercice(jour=date(annee + 1, 1, 3), acteur=guichet.comptable)
    vendre(guichet)
    janvier = list(Ecriture.objects.exclude(id__in=decembre).values_list("id", flat=True))
    assert valider_ecritures(ids=janvier, acteur=guichet.comptable)[0] == f"ECR-{annee + 1}-00001"
    assert valider_ecritures(ids=decembre, acteur=guichet.comptable) == [f"ECR-{annee}-00001"], "the float"
