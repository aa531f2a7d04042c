"""Pages of the house: refusals and errors, sign-in, account, theme, health, the admin's door."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import resolve
from django.utils import translation

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import PASSWORD, make_user
from apps.socle.errors import BusinessError, NotAllowed
from config import health, views
from tests.front.support import Outline, assert_house_page

ERRORS = {
    "400": "Cette demande n’a pas pu être lue",
    "403": "Votre rôle ne permet pas cette action",
    "404": "Cette page n’existe pas ici",
    "429": "Trop d’essais en peu de temps",
    "500": "Quelque chose s’est mal passé chez nous",
    "csrf": "Ce formulaire a expiré",
}


# Refusals and errors -----------------------------------------------------------------------------


def handled(name: str, request: HttpRequest) -> tuple[int, str]:
    pages = {
        "400": lambda: views.bad_request(request, ValueError("secret")),
        "403": lambda: views.permission_denied(request, PermissionDenied("secret")),
        "404": lambda: views.page_not_found(request, Http404("secret")),
        "429": lambda: views.too_many_requests(request),
        "500": lambda: views.server_error(request),
        "csrf": lambda: views.csrf_failure(request, "secret"),
    }
    with translation.override("fr"):
        response = pages[name]()
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pages_in_french_that_need_nothing(name: str) -> None:
    """No `db` fixture here: a query would fail the test."""
    request = RequestFactory().get("/x/")
    request.COOKIES["theme"] = "dark"
    request.request_id = "0192f3a0"  # type: ignore[attr-defined]
    status, html = handled(name, request)
    assert status == (403 if name == "csrf" else int(name))
    assert ERRORS[name] in html
    assert '<html lang="fr" data-bs-theme="dark">' in html
    assert "0192f3a0" in html
    assert "secret" not in html
    assert Outline(html).open == []


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_the_names_that_django_looks_for_are_there(name: str) -> None:
    with translation.override("fr"):
        html = get_template(f"{name}.html").template.render(Context({"theme": "auto", "reference": "", "motif": ""}))
    assert ERRORS["csrf" if name == "403_csrf" else name] in html


def test_an_error_page_outlives_a_missing_manifest(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.STATIC_ROOT = tmp_path
    manifest = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
    status, html = handled("500", RequestFactory().get("/"))
    assert (status, 'href="/static/cauris/cauris.css"' in html) == (500, True)


def test_an_error_page_that_cannot_be_drawn_is_still_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> str:
        raise OSError("no template")

    monkeypatch.setattr(views, "render_to_string", broken)
    status, html = handled("500", RequestFactory().get("/"))
    assert (status, "Quelque chose s’est mal passé" in html) == (500, True)


def test_a_refused_command_is_said_not_thrown() -> None:
    error = BusinessError("Déjà validée par X à 10:42.", code="already-validated")
    request = RequestFactory().post("/x/", headers={"referer": "http://testserver/sainte-odile/factures/"})
    response = views.refusal(request, error)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Déjà validée par X à 10:42." in response.content.decode()
    assert 'href="http://testserver/sainte-odile/factures/"' in response.content.decode()
    away = RequestFactory().post("/x/", headers={"referer": "https://ailleurs.example/"})
    assert "ailleurs" not in views.refusal(away, error).content.decode()


def test_a_refused_right_keeps_its_sentence() -> None:
    response = views.refusal(
        RequestFactory().get("/"), NotAllowed("Une autre personne doit valider.", code="second-person")
    )
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Une autre personne doit valider." in response.content.decode()


def test_htmx_gets_a_band_not_a_page() -> None:
    request = RequestFactory().post("/x/")
    request.htmx = True  # type: ignore[attr-defined]
    response = views.refusal(request, BusinessError("Caisse fermée.", code="till-closed"))
    assert response["HX-Retarget"] == "#annonces"
    assert response.content.decode().lstrip().startswith('<div class="avis refus"')


# The real stack --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_door_is_in_french_and_in_our_look(client) -> None:  # type: ignore[no-untyped-def]
    html = client.get("/compte/login/").content.decode()
    outline = Outline(html)
    assert outline.open == []
    assert outline.references <= set(outline.ids)
    assert "Identifiant" in html
    assert "Après 5" in html
    assert "cauris/cauris.css" in html
    assert "Sign In" not in html


@pytest.mark.django_db
def test_a_wrong_password_is_said_beside_a_kept_login(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    answer = client.post("/compte/login/", {"login": "amina@sainte-odile", "password": "faux"})
    html = answer.content.decode()
    assert 'id="erreurs"' in html
    assert 'value="amina@sainte-odile"' in html


PUBLIC = ["/compte/login/", "/compte/password/reset/", "/compte/password/reset/done/", "/compte/inactive/", "/compte/signup/",
          "/compte/password/reset/key/done/", "/compte/password/reset/key/x-y/"]  # fmt: skip
SIGNED_IN = [
    "/",
    "/compte/password/change/",
    "/compte/logout/",
    "/compte/2fa/",
    "/compte/reauthenticate/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_public_pages_are_drawn(client, address: str) -> None:  # type: ignore[no-untyped-def]
    answer = client.get(address)
    assert answer.status_code == HTTPStatus.OK
    assert_house_page(answer.content.decode())


@pytest.fixture
def member(client, tenant: Tenant):  # type: ignore[no-untyped-def]
    """A signed-in cashier of two houses, so that the choice of establishment is shown; only an address makes two homes."""
    from apps.organisations.models import Membership
    from apps.organisations.tests.factories import make_tenant
    from apps.socle.scope import scope

    user = make_user(tenant, "caissier", email="amina@exemple.cm")
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    role = Membership.objects.get(user=user).role
    with scope(other.pk):
        Membership.objects.create(user=user, role=role)
    client.force_login(user, backend="apps.organisations.backends.MembershipBackend")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("address", SIGNED_IN)
def test_pages_of_the_account_are_drawn(member, address: str) -> None:  # type: ignore[no-untyped-def]
    answer = member.get(address)
    assert answer.status_code == HTTPStatus.OK, answer
    assert_house_page(answer.content.decode())


@pytest.mark.django_db
def test_the_theme_is_a_cookie_that_the_server_writes(client) -> None:  # type: ignore[no-untyped-def]
    answer = client.post("/theme/", {"theme": "dark", "next": "/compte/login/?next=/x/"})
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.SEE_OTHER, "/compte/login/?next=/x/")
    assert 'data-bs-theme="dark"' in client.get("/compte/login/").content.decode()
    client.post("/theme/", {"theme": "auto"})
    assert 'data-bs-theme="auto"' in client.get("/compte/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://ailleurs.example/", "//ailleurs.example", "javascript:alert(1)"])
def test_the_theme_never_leads_away(client, target: str) -> None:  # type: ignore[no-untyped-def]
    assert client.post("/theme/", {"theme": "light", "next": target})["Location"] == "/"
    assert client.get("/theme/").status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.django_db
def test_the_language_is_a_choice(client) -> None:  # type: ignore[no-untyped-def]
    assert '<html lang="fr"' in client.get("/compte/login/", headers={"accept-language": "en"}).content.decode()
    client.post("/i18n/", {"language": "en", "next": "/compte/login/"})
    assert '<html lang="en"' in client.get("/compte/login/").content.decode()


# Health ------------------------------------------------------------------------------------------------


def test_live_needs_nothing(client) -> None:  # type: ignore[no-untyped-def]
    """No mark of the database here: whatever asked it, a middleware too, would fail."""
    answer = client.get("/sante/vivant/")
    assert (answer.status_code, answer.content) == (200, b'{"etat": "ok"}')
    assert "no-store" in answer["Cache-Control"]


def test_the_container_asks_whether_the_process_lives_and_no_more() -> None:
    """A chain that is red, or a database that is away, is no reason to restart the web server."""
    (asked,) = re.findall(r'"GET", "(/[^"]*)"', Path("bin/healthy").read_text())
    assert resolve(asked).url_name == "live"


@pytest.mark.django_db
def test_ready_says_what_it_checked(client) -> None:  # type: ignore[no-untyped-def]
    answer = client.get("/sante/pret/")
    assert answer.json() == {
        "etat": "ok",
        "base": "ok",
        "migrations": "ok",
        "cache": "ok",
        "chaines": "ok",
        "ancres": "ok",
    }


@pytest.mark.django_db
def test_ready_refuses_visitors_when_a_check_fails(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def broken() -> bool:
        raise ConnectionError("password=tresor")

    monkeypatch.setitem(health.CHECKS, "cache", broken)
    answer = client.get("/sante/pret/")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["cache"] == "en défaut"
    assert "tresor" not in answer.content.decode()


@pytest.mark.django_db
def test_the_overview_says_all_of_it(client) -> None:  # type: ignore[no-untyped-def]
    answer = client.get("/sante/")
    assert answer.json() == {
        "etat": "ok",
        "vivant": "ok",
        "pret": {"base": "ok", "migrations": "ok", "cache": "ok"},
        "chaines": {
            "etat": "ok",
            "en_defaut": 0,
            "en_retard": 0,
            "derniere_verification": None,
            "toutes_verifiees_depuis": None,
        },
        "ancres": "ok",
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_the_overview_is_a_report_and_stops_nothing(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def broken() -> bool:
        raise ConnectionError("password=tresor")

    monkeypatch.setitem(health.CHECKS, "base", broken)
    answer = client.get("/sante/")
    said = answer.json()
    assert (answer.status_code, said["etat"], said["pret"]["base"]) == (200, "en défaut", "en défaut")
    assert "tresor" not in answer.content.decode()
    monkeypatch.undo()
    monkeypatch.setattr(health, "chains", broken)
    said = client.get("/sante/").json()
    assert (said["etat"], said["chaines"]) == ("en défaut", {"etat": "en défaut"})
    monkeypatch.undo()
    monkeypatch.setitem(health.WATCHED, "ancres", lambda: "en retard")
    assert client.get("/sante/").json()["etat"] == "en retard"


# The admin's door --------------------------------------------------------------------------------------


@pytest.fixture
def administrator(client, tenant: Tenant, settings):  # type: ignore[no-untyped-def]
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(tenant, "administrateur"), backend="apps.organisations.backends.MembershipBackend")
    return client


@pytest.mark.django_db
def test_the_admin_wears_the_theme_of_the_cookie(administrator) -> None:  # type: ignore[no-untyped-def]
    administrator.post("/theme/", {"theme": "dark"})
    html = administrator.get("/sainte-odile/admin/").content.decode()
    assert 'class="theme-dark dashboard"' in html
    assert "Administration de Cauris" in html
    assert "Hôpital Sainte-Odile" in html
    assert html.index("admin/css/base.css") < html.index("cauris/tokens.css") < html.index("cauris/admin.css")
    assert "theme.js" not in html  # the admin's own choice of theme would be a second one
    assert "dark_mode.css" not in html


@pytest.mark.django_db
def test_a_password_is_changed_at_one_door_only(administrator) -> None:  # type: ignore[no-untyped-def]
    answer = administrator.get("/sainte-odile/admin/password_change/")
    assert answer["Location"] == "/sainte-odile/compte/password/change/"


@pytest.mark.django_db
def test_the_admin_is_closed_to_roles_without_the_right(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    client.force_login(make_user(tenant, "caissier"), backend="apps.organisations.backends.MembershipBackend")
    assert client.get("/sainte-odile/admin/", follow=True).status_code == HTTPStatus.FORBIDDEN
    stock_form = {"username": "administrateur@sainte-odile", "password": PASSWORD}
    assert client.post("/sainte-odile/admin/login/", stock_form).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.django_db
def test_the_admin_sends_strangers_to_the_one_door(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/sainte-odile/admin/")["Location"] == "/compte/login/?next=/sainte-odile/admin/"


@pytest.mark.django_db
def test_the_home_says_when_nothing_waits(administrator) -> None:  # type: ignore[no-untyped-def]
    html = administrator.get("/sainte-odile/").content.decode()
    assert_house_page(html)


# The second factor, from end to end ----------------------------------------------------------------------


def totp(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.mark.django_db
def test_the_second_factor_is_activated_used_and_taken_away_in_our_pages(client, tenant: Tenant) -> None:  # type: ignore[no-untyped-def]
    user = make_user(tenant, "caissier", username="amina")
    signing_in = {"login": user.username, "password": PASSWORD}
    client.post("/compte/login/", signing_in)

    assert_house_page(client.get("/compte/reauthenticate/").content.decode())
    page = client.get("/compte/2fa/totp/activate/")
    assert page.status_code == HTTPStatus.OK, "a sign-in just made counts"
    assert_house_page(page.content.decode())
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    wrong = client.post("/compte/2fa/totp/activate/", {"code": "000000"})
    assert 'id="erreurs"' in wrong.content.decode()
    code = totp(wrong.context["form"].secret)
    codes = client.post("/compte/2fa/totp/activate/", {"code": code}, follow=True).content.decode()
    assert_house_page(codes)
    assert codes.count('<li class="ref">') == 10
    for address in ("/compte/2fa/", "/compte/2fa/recovery-codes/generate/", "/compte/2fa/totp/deactivate/"):
        assert_house_page(client.get(address).content.decode())

    client.post("/compte/logout/")
    second = client.post("/compte/login/", signing_in, follow=True)
    assert second.redirect_chain[-1][0] == "/compte/2fa/authenticate/"
    assert_house_page(second.content.decode())
    assert 'id="erreurs"' in client.post("/compte/2fa/authenticate/", {"code": "000000"}).content.decode()
    recovery = re.findall(r'<li class="ref">(\w+)</li>', codes)[0]
    assert client.post("/compte/2fa/authenticate/", {"code": recovery}).status_code == HTTPStatus.FOUND
    assert_house_page(client.get("/compte/2fa/reauthenticate/").content.decode())
    client.post("/compte/reauthenticate/", {"password": PASSWORD})
    left = client.post("/compte/2fa/totp/deactivate/", {}, follow=True).content.decode()
    assert_house_page(left)
    assert "À activer" in left
