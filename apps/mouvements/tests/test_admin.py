"""The admin shows movements and balances, and writes neither."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.mouvements.tests.factories import facturer
from apps.organisations.tests.factories import make_tiers, make_user
from apps.socle.scope import scope

pytestmark = pytest.mark.database
MODELES = (MouvementFinancier, SoldeTiers)


@pytest.fixture
def admin(client, tenant):
    client.force_login(make_user(tenant, "auditeur"))
    return lambda path, **query: client.get(f"/{tenant.slug}/admin/mouvements/{path}", query)


@pytest.mark.parametrize("modele", MODELES)
def test_each_list_and_each_page_opens_and_offers_no_change(tenant, admin, modele):
    facturer(tenant, make_tiers(tenant), 100)
    nom = modele._meta.model_name
    liste = admin(f"{nom}/", q="Mbarga")
    assert liste.status_code == 200
    assert str(modele.objects.get().pk) in liste.content.decode()
    page = admin(f"{nom}/{modele.objects.get().pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert admin(f"{nom}/add/").status_code == 403


@pytest.mark.parametrize("modele", MODELES)
def test_another_tenants_rows_are_not_there(autre_tenant, admin, modele):
    facturer(autre_tenant, make_tiers(autre_tenant), 100)
    with scope(autre_tenant.id):
        leur = modele.objects.get()
    nom = modele._meta.model_name
    assert str(leur.pk) not in admin(f"{nom}/").content.decode()
    assert admin(f"{nom}/{leur.pk}/change/").status_code == 404


@pytest.mark.parametrize("modele", MODELES)
def test_fifty_rows_cost_no_more_queries_than_one(tenant, admin, modele):
    comptes = []
    nom = modele._meta.model_name
    facturer(tenant, make_tiers(tenant), 100)
    admin(f"{nom}/")
    for rangs in (0, 49):
        for _ in range(rangs):
            facturer(tenant, make_tiers(tenant), 100)
        with CaptureQueriesContext(connection) as captured:
            admin(f"{nom}/")
        comptes.append(len(captured))
    assert comptes[0] == comptes[1]
