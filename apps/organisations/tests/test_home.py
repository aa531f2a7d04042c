"""Where one lands: the choice of establishment, its home page, and the bar above every page."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory

from apps.organisations import context_processors, dashboard, navigation
from apps.organisations.dashboard import Block, blocks_for, register_block
from apps.organisations.models import Membership
from apps.organisations.navigation import Entry, entries_for, register_entry
from apps.organisations.services.create_user import grant_membership
from apps.organisations.tests.factories import make_tenant, make_user
from apps.socle.actors import SYSTEM
from apps.socle.scope import scope


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def join(tenant, user, role: str = "auditeur") -> None:
    with scope(tenant.pk):
        grant_membership(tenant=tenant, user=user, role=role, acteur=SYSTEM)


# Which establishment -------------------------------------------------------------------


def test_whoever_has_one_establishment_lands_there(tenant):
    assert signed_in(make_user(tenant)).get("/")["Location"] == "/sainte-odile/"


def test_whoever_has_several_chooses_by_name(tenant):
    rose = make_user(tenant, "auditeur", email="rose@exemple.cm")
    for slug, name in (("zoe", "Zoé"), ("ecole", "École de médecine"), ("edea", "Édéa")):
        join(make_tenant(slug=slug, name=name), rose)
    page = signed_in(rose).get("/")
    assert [t.name for t in page.context["tenants"]] == ["École de médecine", "Édéa", "Hôpital Sainte-Odile", "Zoé"]
    assert 'href="/ecole/"' in page.content.decode()


def test_an_ended_access_and_a_suspended_house_are_not_offered(tenant, autre_tenant):
    rose = make_user(tenant, "auditeur", email="rose@exemple.cm")
    third = make_tenant(slug="troisieme", name="Troisième")
    for other in (autre_tenant, third):
        join(other, rose)
    with scope(autre_tenant.pk):
        Membership.objects.filter(user=rose).update(is_active=False)
    with scope(third.pk):
        third.status = "suspended"
        third.save()
    assert signed_in(rose).get("/")["Location"] == "/sainte-odile/"


def test_whoever_has_none_is_told_whom_to_ask(tenant):
    user = make_user(tenant)
    Membership.objects.filter(user=user).update(is_active=False)
    response = signed_in(user).get("/")
    assert response.status_code == 200
    assert "Vous n’êtes membre d’aucun établissement" in response.content.decode()


def test_one_person_does_not_see_another_s_establishments(tenant, autre_tenant):
    make_user(autre_tenant, "auditeur", email="jean@exemple.cm")
    page = signed_in(make_user(tenant)).get("/")
    assert "saint-luc" not in page["Location"]


# The home page -------------------------------------------------------------------------


@pytest.fixture
def request_of(tenant):
    """A request of somebody who may do what is asked for."""

    def make(*permissions: str, path: str = "/sainte-odile/"):
        request = RequestFactory().get(path)
        request.user = SimpleNamespace(has_perm=set(permissions).__contains__)
        request.tenant, request.membership = tenant, None
        return request

    return make


def test_blocks_are_those_that_one_may_see_in_their_order(monkeypatch, request_of):
    monkeypatch.setattr(dashboard, "_blocks", [])
    register_block(lambda _r: Block("b.html"), "app.second", order=20)
    register_block(lambda _r: Block("a.html"), "app.first", order=10)
    register_block(lambda _r: Block("c.html"), "app.other", order=5)
    assert [b.template for b in blocks_for(request_of("app.first", "app.second"))] == ["a.html", "b.html"]


def test_a_role_with_one_job_lands_on_it(tenant):
    assert signed_in(make_user(tenant, "caissier")).get("/sainte-odile/")["Location"] == "/sainte-odile/caisse/"


def test_others_see_their_blocks(tenant):
    assert signed_in(make_user(tenant, "auditeur")).get("/sainte-odile/").status_code == 200


# The bar -------------------------------------------------------------------------------


@pytest.fixture
def bar(monkeypatch):
    monkeypatch.setattr(navigation, "_entries", {})
    register_entry(Entry("Patients", "hospital:patients", "app.patients", order=20))
    register_entry(Entry("Tarifs", "hospital:tarifs", "app.tarifs", order=30, count=lambda: 4))
    register_entry(Entry("Membres", "membres:liste", "app.membres", order=10))
    monkeypatch.setattr(navigation, "reverse", lambda name: {"hospital:patients": "/s/patients/", "hospital:tarifs": "/s/patients/tarifs/", "membres:liste": "/s/membres/"}[name])  # fmt: skip


def test_the_bar_shows_what_one_may_open_in_order(bar, request_of):
    shown = entries_for(request_of("app.membres", "app.tarifs"))
    assert [(e.label, e.url, e.count) for e in shown] == [
        ("Membres", "/s/membres/", None),
        ("Tarifs", "/s/patients/tarifs/", 4),
    ]
    assert entries_for(request_of()) == []


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/s/patients/", "Patients"),
        ("/s/patients/123/", "Patients"),
        ("/s/patients/tarifs/", "Tarifs"),
        ("/s/patients/tarifs/12/", "Tarifs"),
        ("/s/membres/", "Membres"),
        ("/s/", None),
    ],
)
def test_one_entry_at_most_is_the_current_one(bar, request_of, path, current):
    shown = entries_for(request_of("app.membres", "app.tarifs", "app.patients", path=path))
    assert [e.label for e in shown if e.current] == ([current] if current else [])


def test_what_an_app_counts_is_not_asked_of_whoever_may_not_see_it(monkeypatch, request_of):
    monkeypatch.setattr(navigation, "_entries", {})
    register_entry(Entry("File", "home", "app.file", order=1, count=lambda: 1 / 0))
    assert entries_for(request_of("app.other")) == []


def test_status_lines_of_the_bar(monkeypatch, request_of):
    monkeypatch.setattr(context_processors, "_status", [])
    context_processors.register_status(lambda _r: None)
    context_processors.register_status(lambda _r: {"strong": "Caisse C1", "text": "", "url": "", "closed": False})
    assert [line["strong"] for line in context_processors.house(request_of())["status_lines"]] == ["Caisse C1"]


def test_a_public_page_knows_of_no_house():
    context = context_processors.house(RequestFactory().get("/"))
    assert (context["tenant"], context["membership"], context["navigation"], context["status_lines"]) == (
        None,
        None,
        [],
        [],
    )
    assert Template("{{ tenant|default:'-' }}").render(Context(context)) == "-"
