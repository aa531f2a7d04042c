"""A phone number is written as it is read aloud, the same way wherever it is shown, however it was typed."""

from __future__ import annotations

from typing import Any

import pytest

from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import make_guichet
from apps.hospital.services import enregistrer_patient
from apps.organisations.models import Tenant

READ_ALOUD = "6 77 41 20 94"


@pytest.mark.parametrize("typed", ["677412094", "+237 677.41.20.94", "00237677412094"])
def test_a_number_is_grouped_wherever_it_is_shown(tenant: Tenant, settings: Any, typed: str) -> None:
    settings.SECOND_FACTOR = "optional"
    counter = make_guichet(tenant)
    patient = enregistrer_patient(nom="Zambo", prenom="Édith", telephone=typed, acteur=counter.caissiere)
    cashier = Personne(tenant, counter.caissiere)
    pages: dict[str, Page] = {
        "till, found": cashier.presser(cashier.ouvrir("caisse:encaisser"), "", q="zam"),
        "till, chosen": cashier.ouvrir("caisse:encaisser", patient=patient.pk),
        "patients": cashier.ouvrir("hospital:patients", q="zambo"),
        "fragment": cashier.ouvrir("hospital:patient_recherche", q="zambo"),
        "patient": cashier.ouvrir("hospital:patient", patient.pk),
        "third parties": cashier.ouvrir("mouvements:tiers", q="zambo"),
        "account": cashier.ouvrir("mouvements:compte", patient.tiers_id),
    }
    assert [where for where, page in pages.items() if READ_ALOUD not in page.texte] == []
