"""The administration of an establishment: its own rows, to read, in French."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from apps.organisations.models import Membership
from apps.organisations.tests.factories import make_tiers, make_user
from apps.socle.scope import scope

pytestmark = pytest.mark.database


@pytest.fixture
def administration(tenant, autre_tenant, settings) -> Client:
    """The administrator's browser; the other establishment has rows too."""
    settings.SECOND_FACTOR = "optional"
    make_tiers(autre_tenant, code="AILLEURS", nom="Inconnu Ailleurs")
    make_user(autre_tenant, "caissier", first_name="Inconnue", last_name="Ailleurs")
    client = Client()
    client.force_login(make_user(tenant, "administrateur", first_name="Odile", last_name="Eyenga"))
    return client


@pytest.mark.parametrize(
    ("page", "shown"),
    [("tenant", "Hôpital Sainte-Odile"), ("membership", "Odile Eyenga"), ("tiers", "Mbarga")],
)
@pytest.mark.parametrize("query", ["", "?q=a"])
def test_a_list_shows_this_establishments_rows_only(administration, tenant, page, shown, query):
    make_tiers(tenant, nom="Mbarga Nkoulou")
    response = administration.get(f"/sainte-odile/admin/organisations/{page}/{query}")
    text = response.content.decode()
    assert response.status_code == 200
    assert shown in text or (page == "tenant" and query)
    assert "Ailleurs" not in text
    assert "Saint-Luc" not in text


def test_the_index_reads_as_french(administration):
    """One kind of rows a line, in the plural, with one capital, sorted as people read; acts are verbs."""
    page = administration.get("/sainte-odile/admin/").content.decode()
    models = [html.unescape(name) for name in re.findall(r'<th scope="row" id="[^"]+">\s*<a [^>]+>([^<]+)</a>', page)]
    assert len(models) > 12
    plan = "Plan comptable"  # a collective
    for name in models:
        first = name.split()[0]
        assert first[-1] in "sx" or name == plan, name
        assert name[0].isupper(), name
        assert not any(word[0].isupper() and not word.isupper() for word in name.split()[1:]), name
    assert [name for name in models if name in {"Tiers", "Membres", "Établissements"}] == [
        "Établissements",
        "Membres",
        "Tiers",
    ]
    for said, never in (("Modifier", "Modification"), ("Aucune", "Aucun(e) disponible")):
        assert said in page
        assert never not in page


def test_a_filter_offers_this_establishments_values_only(administration, tenant):
    text = administration.get("/sainte-odile/admin/organisations/membership/?role__id__exact=x").content.decode()
    assert "Ailleurs" not in text


def test_nothing_of_the_platforms_own_books_is_shown(administration, tenant):
    text = administration.get(f"/sainte-odile/admin/organisations/tenant/{tenant.pk}/change/").content.decode()
    assert "Sainte-Odile" in text
    assert "solde disponible" not in text.lower()


def test_rows_cannot_be_written_here(administration, tenant):
    tiers = make_tiers(tenant, nom="Mbarga")
    member = Membership.objects.get()
    for page, key in (("tiers", tiers.pk), ("membership", member.pk), ("tenant", tenant.pk)):
        root = f"/sainte-odile/admin/organisations/{page}"
        assert administration.get(f"{root}/add/").status_code == 403
        assert administration.post(f"{root}/{key}/change/", {"nom": "X", "is_active": ""}).status_code == 403
        assert administration.post(f"{root}/{key}/delete/", {"post": "yes"}).status_code == 403
    tiers.refresh_from_db()
    assert tiers.nom == "Mbarga"


def test_another_establishments_row_is_404(administration, tenant, autre_tenant):
    with scope(autre_tenant.pk):
        theirs = Membership.objects.get().pk
    for page, key in (("membership", theirs), ("tenant", autre_tenant.pk)):
        assert administration.get(f"/sainte-odile/admin/organisations/{page}/{key}/change/").status_code == 404
