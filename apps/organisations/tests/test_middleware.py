"""From `/<slug>/…` to a member at work, and back out without a trace when something goes wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import get_script_prefix

from apps.organisations import middleware
from apps.organisations.models import Membership, Tiers
from apps.organisations.services.create_user import grant_membership
from apps.organisations.tests.factories import make_tiers, make_user
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.models import AuditLog, TenantRegistry
from apps.socle.scope import ScopeMissing, current_scope, scope

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def test_pages(monkeypatch, settings):
    monkeypatch.setattr(middleware, "STAFF_URLCONF", "apps.organisations.tests.pages")
    settings.SECOND_FACTOR = "required"


@pytest.fixture
def hospital(committed_tenant):
    return committed_tenant


@pytest.fixture
def clinic(hospital):
    from apps.organisations.tests.factories import make_tenant

    return make_tenant(slug="saint-luc", name="Clinique Saint-Luc", time_zone="Africa/Nairobi")


@pytest.fixture
def amina(hospital):
    """A cashier of the hospital."""
    return make_user(hospital, "caissier", first_name="Amina", last_name="Ngo")


def signed_in(user, **values) -> Client:
    client = Client(**values)
    client.force_login(user)
    return client


def written(tenant) -> bool:
    with scope(tenant.pk):
        return Tiers.objects.filter(code="ECRIT").exists()


# Who comes in --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sainte-odile/look/", "/inconnu/look/", "/sainte-odile/no-such-page/", "/inconnu"])
def test_whoever_is_not_signed_in_is_asked_to_whether_the_tenant_exists_or_not(hospital, client, path):
    response = client.get(f"{path}?page=2")
    assert response.status_code == 302
    assert response["Location"] == f"/compte/login/?next={path}%3Fpage%3D2"


def test_a_fragment_asked_for_after_the_session_ended_leads_the_whole_page_to_sign_in(hospital, client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/sainte-odile/look/?q=fotso"}
    response = client.get("/sainte-odile/look/", headers=headers)
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/compte/login/?next=/sainte-odile/look/%3Fq%3Dfotso"


@pytest.mark.parametrize("slug", ["saint-luc", "inconnu", "Sainte-Odile", "sainte-odile-2"])
def test_a_stranger_gets_404_whether_the_tenant_exists_or_not(amina, clinic, slug):
    response = signed_in(amina).get(f"/{slug}/look/")
    assert response.status_code == 404
    assert "etablissement" not in response.cookies


def test_both_answers_to_a_stranger_are_the_same(amina, clinic):
    client = signed_in(amina)
    bodies = []
    for slug in ("saint-luc", "inconnu"):
        response = client.get(f"/{slug}/look/")
        bodies.append(response.content.decode().replace(response["X-Request-Id"], "ID").replace(slug, "SLUG"))
    assert bodies[0] == bodies[1]


def test_an_ended_membership_is_a_strangers(amina, hospital):
    with scope(hospital.pk):
        Membership.objects.filter(user=amina).update(is_active=False)
    assert signed_in(amina).get("/sainte-odile/look/").status_code == 404


def test_a_suspended_tenant_is_nobodys(amina, hospital):
    with scope(hospital.pk):
        hospital.status = "suspended"
        hospital.save()
    assert signed_in(amina).get("/sainte-odile/look/").status_code == 404


def test_a_closed_account_is_not_signed_in(amina):
    client = signed_in(amina)
    amina.is_active = False
    amina.save()
    assert client.get("/sainte-odile/look/").status_code == 302


@pytest.mark.parametrize("path", ["/", "/compte/login/", "/sante/", "/sante/vivant/", "/static/x.css", "/favicon.ico"])
def test_reserved_first_segments_belong_to_no_tenant(hospital, client, path):
    response = client.get(path)
    assert response.status_code in ({302} if path == "/" else {200, 404})


def test_an_address_without_a_slash_is_no_crash(hospital, client):
    """`OPTIONS *` is a request that HTTP allows."""
    assert client.generic("OPTIONS", "*").status_code in {302, 404, 405}


# What the view finds -------------------------------------------------------------------


def test_the_slug_moves_into_the_script_prefix(amina, hospital):
    response = signed_in(amina, headers={"user-agent": "Firefox"}, REMOTE_ADDR="192.0.2.9").get("/sainte-odile/look/")
    assert response.content.decode().split("\n") == [
        "/sainte-odile/look/",
        "/sainte-odile/look/",
        "/look/",
        str(hospital.pk),
        str(hospital.pk),
        "caissier",
        "Amina Ngo",
        "caissier",
        "192.0.2.9",
        "Firefox",
        "WAT",
    ]
    assert get_script_prefix() == "/", "the former prefix returns"
    assert current_scope() is None


def test_two_tabs_may_show_two_hospitals(hospital, clinic):
    rose = make_user(hospital, "auditeur", email="rose@exemple.cm")
    with scope(clinic.pk):
        grant_membership(tenant=clinic, user=rose, role="medecin", acteur=SYSTEM)
    client = signed_in(rose)
    for tenant, role, zone in (
        (hospital, "auditeur", "WAT"),
        (clinic, "medecin", "EAT"),
        (hospital, "auditeur", "WAT"),
    ):
        lines = client.get(f"/{tenant.slug}/look/").content.decode().split("\n")
        assert (lines[0], lines[4], lines[5], lines[10]) == (f"/{tenant.slug}/look/", str(tenant.pk), role, zone)


def test_the_establishment_is_remembered_for_the_sign_in_page(amina, settings):
    cookie = signed_in(amina).get("/sainte-odile/look/").cookies["etablissement"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["secure"]) == ("sainte-odile", True, "Lax", "")
    assert signed_in(amina).get("/sainte-odile/look/", secure=True).cookies["etablissement"]["secure"] is True


@pytest.mark.parametrize(("role", "status"), [("administrateur", 200), ("caissier", 403), ("comptable", 403)])
def test_a_permission_opens_a_view_to_its_roles(hospital, settings, role, status):
    settings.SECOND_FACTOR = "optional"
    assert signed_in(make_user(hospital, role)).get("/sainte-odile/administrators-only/").status_code == status


# One transaction -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "stays"),
    [
        ("write/", 200, True),
        ("write/?status=302", 302, True),
        ("write/?status=422", 422, True),
        ("write/?status=500", 500, False),
        ("write/?status=503", 503, False),
        ("write-and-raise/?what=404", 404, False),
        ("write-and-raise/?what=403", 403, False),
        ("write-and-raise/?what=refusal", 422, False),
        ("write-and-raise/?what=500", 500, False),
        ("write-and-fail-to-draw/", 500, False),
    ],
)
def test_a_request_is_one_transaction(amina, hospital, path, status, stays):
    """Whatever page the exception becomes, what the view wrote before is taken back."""
    client = signed_in(amina)
    client.raise_request_exception = False
    response = client.post(f"/sainte-odile/{path}")
    assert response.status_code == status
    assert written(hospital) is stays


@pytest.mark.parametrize("path", ["write-and-raise/?what=500", "write-and-raise/?what=refusal", "write/?status=500"])
def test_an_attempt_that_rolled_back_is_recorded(amina, hospital, path):
    client = signed_in(amina)
    client.raise_request_exception = False
    response = client.post(f"/sainte-odile/{path}")
    with scope(hospital.pk):
        row = AuditLog.objects.get()
        assert (row.user_id, row.user_role, row.method, row.status_code) == (
            amina.pk,
            "caissier",
            "POST",
            response.status_code,
        )
        assert row.path.startswith("/sainte-odile/write")
        assert str(row.request_id) == response["X-Request-Id"]


# Streams -------------------------------------------------------------------------------


def test_a_stream_reads_in_a_scope_of_its_own(amina, hospital, clinic):
    make_tiers(hospital, code="A")
    make_tiers(clinic, code="B")
    response = signed_in(amina).get("/sainte-odile/stream/")
    assert response.getvalue().decode("utf-8-sig").split() == ["Code", "A"]
    assert current_scope() is None


def test_a_stream_that_forgot_its_scope_fails_aloud(amina, hospital):
    """The request's transaction has ended by then: an empty export without an error would be believed."""
    make_tiers(hospital, code="A")
    response = signed_in(amina).get("/sainte-odile/stream-naively/")
    with pytest.raises(ScopeMissing):
        response.getvalue()


# What must be done first ---------------------------------------------------------------


@pytest.mark.parametrize("role", ["administrateur", "comptable"])
def test_a_role_that_needs_a_second_factor_works_with_one_only(hospital, role):
    user = make_user(hospital, role)
    client = signed_in(user)
    response = client.get("/sainte-odile/look/?a=1&b=2")
    assert response.status_code == 302
    assert response["Location"] == "/compte/2fa/totp/activate/?next=%2Fsainte-odile%2Flook%2F%3Fa%3D1%26b%3D2"
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get("/sainte-odile/look/").status_code == 200


@pytest.mark.parametrize("role", ["caissier", "medecin", "auditeur"])
def test_other_roles_work_without(hospital, role):
    assert signed_in(make_user(hospital, role)).get("/sainte-odile/look/").status_code == 200


def test_recovery_codes_alone_are_no_second_factor(hospital):
    user = make_user(hospital, "administrateur")
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"})
    assert signed_in(user).get("/sainte-odile/look/").status_code == 302


def test_the_demonstration_may_do_without_a_second_factor(hospital, settings):
    settings.SECOND_FACTOR = "optional"
    assert signed_in(make_user(hospital, "administrateur")).get("/sainte-odile/look/").status_code == 200


def test_a_password_for_one_use_opens_only_the_page_that_replaces_it(amina, hospital):
    amina.one_time_until = now() + timedelta(hours=1)
    amina.save()
    client = signed_in(amina)
    assert client.get("/sainte-odile/look/")["Location"].startswith("/compte/password/change/?next=")
    assert client.post("/sainte-odile/write/").status_code == 302
    assert not written(hospital)


def test_a_registered_slug_whose_tenant_is_gone_is_no_crash(amina):
    TenantRegistry.objects.create(tenant_id="0192f0c1-0000-7000-8000-000000000000", slug="vide", time_zone="UTC")
    assert signed_in(amina).get("/vide/look/").status_code == 404
