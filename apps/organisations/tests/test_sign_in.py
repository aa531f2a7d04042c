"""Signing in: three ways to say who one is, five failures at any door, a lost password.

Doors: `/compte/login/`, the admin's, and the page that asks for the password again.
"""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse

from apps.organisations.models import User
from apps.organisations.tests.factories import PASSWORD, make_user
from apps.socle.clock import now

LOGIN = "/compte/login/"
LOCKED = "Trop d’essais manqués"
WRONG = "Identifiant ou mot de passe incorrect."


@pytest.fixture(autouse=True)
def empty_cache(db):
    cache.clear()


@pytest.fixture
def amina(tenant):
    """A cashier without e-mail."""
    return make_user(tenant, "caissier", username="amina.caisse")


@pytest.fixture
def rose(tenant):
    """An auditor with an e-mail."""
    return make_user(tenant, "auditeur", email="rose@exemple.cm")


def sign_in(login: str, password: str = PASSWORD, client: Client | None = None, **values):
    return (client or Client()).post(LOGIN, {"login": login, "password": password}, **values)


def signed_in(response) -> bool:
    return response.status_code == 302 and "_auth_user_id" in response.client.session


# Who one is ----------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["amina.caisse@sainte-odile", " Amina.Caisse@Sainte-Odile "])
def test_a_name_and_its_establishment(amina, login):
    assert signed_in(sign_in(login))


@pytest.mark.parametrize("login", ["rose@exemple.cm", "ROSE@Exemple.cm"])
def test_an_email_address(rose, login):
    assert signed_in(sign_in(login))


def test_a_bare_name_where_the_browser_remembers_the_establishment(amina):
    client = Client()
    client.cookies["etablissement"] = "sainte-odile"
    assert signed_in(sign_in("amina.caisse", client=client))


def test_a_bare_name_elsewhere_is_asked_for_its_establishment(amina):
    response = sign_in("amina.caisse")
    assert not signed_in(response)
    assert "Ajoutez votre établissement" in response.content.decode()


def test_the_remembered_establishment_is_another(amina, autre_tenant):
    client = Client()
    client.cookies["etablissement"] = "saint-luc"
    assert WRONG in sign_in("amina.caisse", client=client).content.decode()


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("amina.caisse@sainte-odile", "un mauvais mot de passe"),
        ("personne@sainte-odile", PASSWORD),
        ("amina.caisse@saint-luc", PASSWORD),
        ("personne@exemple.cm", PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(amina, login, password):
    response = sign_in(login, password)
    assert not signed_in(response)
    assert WRONG in response.content.decode()


def test_a_closed_account_does_not_come_in(amina):
    User.objects.filter(pk=amina.pk).update(is_active=False)
    assert not signed_in(sign_in(amina.username))


def test_nobody_signs_up_alone(db, client):
    response = client.post(
        "/compte/signup/", {"username": "x", "email": "x@exemple.cm", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert response.status_code in {200, 403}
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "path", ["/compte/email/", "/compte/confirm-email/", "/compte/password/set/", "/compte/login/code/confirm/"]
)
def test_doors_that_the_house_does_not_use_are_closed(rose, path):
    """An address changed without proof would be a way into somebody's account."""
    client = Client()
    client.force_login(rose)
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "autre@exemple.cm", "action_add": ""}).status_code == 404


def test_the_address_of_the_last_sign_in_is_kept(amina):
    sign_in(amina.username, REMOTE_ADDR="192.0.2.44")
    assert User.objects.get(pk=amina.pk).last_login_ip == "192.0.2.44"


def test_an_address_that_is_none_is_no_crash(amina):
    assert signed_in(sign_in(amina.username, REMOTE_ADDR=""))


# Lockout -------------------------------------------------------------------------------


def fail(times: int, *logins: str, **values) -> None:
    for number in range(times):
        sign_in(logins[number % len(logins)], "un mauvais mot de passe", **values)


def test_after_five_failures_the_right_password_is_refused_too(amina):
    fail(5, amina.username)
    response = sign_in(amina.username)
    assert not signed_in(response)
    assert LOCKED in response.content.decode()


def test_four_failures_are_forgiven(amina):
    fail(4, amina.username)
    assert signed_in(sign_in(amina.username))


def test_a_success_does_not_give_the_failures_back(amina):
    """Else whoever knows one password could try another's without end."""
    fail(4, amina.username)
    assert signed_in(sign_in(amina.username))
    fail(1, amina.username)
    assert not signed_in(sign_in(amina.username))


def test_another_account_is_not_locked(amina, rose):
    fail(5, amina.username)
    assert signed_in(sign_in(rose.username))


def test_failures_count_for_the_account_whatever_it_is_called(tenant):
    """Name or address, capitals, spaces, another host name of ours: the same five tries."""
    user = make_user(tenant, "auditeur", email="rose@exemple.cm")
    User.objects.filter(pk=user.pk).update(username="rose@sainte-odile")
    fail(3, "rose@exemple.cm", " ROSE@exemple.cm ")
    fail(2, "rose@sainte-odile", headers={"host": "localhost"})
    for login in ("rose@exemple.cm", "Rose@Sainte-Odile"):
        assert LOCKED in sign_in(login).content.decode()


def test_names_that_do_not_exist_are_locked_too(amina):
    """Else the lock would tell which names exist."""
    fail(5, "personne@sainte-odile")
    assert LOCKED in sign_in("personne@sainte-odile").content.decode()


def test_a_lockout_earned_at_the_login_holds_at_the_admins_door(amina, tenant):
    fail(5, amina.username)
    client = Client()
    response = client.post("/sainte-odile/admin/login/", {"username": amina.username, "password": PASSWORD})
    assert response["Location"].startswith("/compte/login/?next=")
    assert "_auth_user_id" not in client.session


def test_the_admin_has_no_door_of_its_own(amina, client):
    for path in ("/sainte-odile/admin/", "/sainte-odile/admin/login/"):
        assert client.get(path)["Location"].startswith("/compte/login/?next=/sainte-odile/admin/")
    assert client.get("/admin/login/").status_code == 404


def test_failures_while_asking_for_the_password_again_count_too(rose):
    client = Client()
    sign_in(rose.username, client=client)
    for _again in range(5):
        client.post("/compte/reauthenticate/", {"password": "un mauvais mot de passe"})
    assert LOCKED in sign_in(rose.username).content.decode()


def test_the_lock_ends_after_its_time(amina, monkeypatch):
    fail(5, amina.username)
    later = now().timestamp() + 15 * 60 + 1
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: later)
    assert signed_in(sign_in(amina.username))


@pytest.mark.django_db(transaction=True)
def test_failures_are_counted_across_processes(committed_tenant):
    """They stand in the shared cache, not in a process: another connection sees them."""
    user = make_user(committed_tenant, username="amina.caisse")
    cache.clear()
    fail(5, user.username)
    seen: list[str] = []

    def elsewhere() -> None:
        seen.append(sign_in(user.username).content.decode())
        connections.close_all()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(timeout=30)
    assert LOCKED in seen[0]


def test_the_cache_is_shared_and_keeps_more_than_an_attacker_can_push_out(settings):
    """Django's database cache drops a third of its rows above 300: failures for 300 names would free a lock."""
    default = settings.CACHES["default"]
    assert default["BACKEND"].endswith(("DatabaseCache", "RedisCache"))
    if default["BACKEND"].endswith("DatabaseCache"):
        assert default["OPTIONS"]["MAX_ENTRIES"] >= 100_000


# Passwords -----------------------------------------------------------------------------


def test_a_lost_password_is_replaced_by_mail(rose):
    client = Client()
    assert client.post("/compte/password/reset/", {"email": "Rose@exemple.cm"}).status_code == 302
    [letter] = mail.outbox
    assert letter.to == ["rose@exemple.cm"]
    link = re.search(r"http://testserver(/compte/password/reset/key/\S+)", letter.body)
    assert link is not None
    form = client.get(link[1], follow=True)
    page = form.redirect_chain[-1][0]
    new = {"password1": "un nouveau mot de passe", "password2": "un nouveau mot de passe"}
    assert client.post(page, new).status_code == 302
    assert signed_in(sign_in("rose@exemple.cm", "un nouveau mot de passe"))
    assert not signed_in(sign_in("rose@exemple.cm", PASSWORD))


@pytest.mark.parametrize("asked", ["amina.caisse@sainte-odile", "personne@exemple.cm"])
def test_without_an_address_no_letter_leaves_that_opens_anything(amina, asked):
    response = Client().post("/compte/password/reset/", {"email": asked})
    assert response.status_code in {200, 302}
    assert not any("/password/reset/key/" in letter.body for letter in mail.outbox)


def test_changing_a_password_ends_the_other_sessions(rose):
    here, there = Client(), Client()
    sign_in(rose.username, client=here)
    sign_in(rose.username, client=there)
    new = "un nouveau mot de passe"
    here.post("/compte/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert "_auth_user_id" in here.session
    assert there.get(reverse("choose_tenant")).status_code == 302


def test_a_password_for_one_use_leads_to_choosing_ones_own(amina):
    amina.one_time_until = now() + timedelta(hours=1)
    amina.save()
    client = Client()
    assert signed_in(sign_in(amina.username, client=client))
    assert client.get("/sainte-odile/")["Location"].startswith("/compte/password/change/")
    new = "un nouveau mot de passe"
    done = client.post("/compte/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert done["Location"] == "/"
    assert client.get("/sainte-odile/")["Location"] == "/sainte-odile/caisse/"
    assert not User.objects.get(pk=amina.pk).must_choose_password


def test_weak_passwords_are_refused(rose):
    client = Client()
    sign_in(rose.username, client=client)
    for weak in ("court", "123456789012", "password1234", "rose@exemple.cm"):
        form = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
        assert client.post("/compte/password/change/", form).status_code == 200, weak
    assert signed_in(sign_in(rose.username))
