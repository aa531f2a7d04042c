"""A patient's page leads to the till and shows the patient's invoices, at one cost."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.comptabilite.tests.caisse.factories import make_facture, make_guichet
from apps.organisations.tests.factories import make_user


def test_invoices_and_the_way_to_the_till(tenant, client):
    guichet = make_guichet(tenant)
    facture = make_facture(guichet)
    client.force_login(make_user(tenant, "caissier"))
    adresse = f"/{tenant.slug}/patients/{guichet.patient.pk}/"

    def cost() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(adresse).content.decode()
        return len(queries), page

    une, page = cost()
    assert f"/{tenant.slug}/caisse/?patient={guichet.patient.pk}" in page
    assert facture.numero_travail in page
    assert "11\u202f500" in page
    assert "q=PAT-00001" in page
    for _ in range(5):
        make_facture(guichet, "CONS-GEN")
    assert cost()[0] == une


def test_a_doctor_sees_neither(tenant, client):
    guichet = make_guichet(tenant)
    facture = make_facture(guichet)
    client.force_login(make_user(tenant, "medecin"))
    page = client.get(f"/{tenant.slug}/patients/{guichet.patient.pk}/").content.decode()
    assert facture.numero_travail not in page
    assert "/caisse/?patient" not in page
