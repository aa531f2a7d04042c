"""The second factor that a role demands: explained on the page that asks for it, after one password and not two."""

from __future__ import annotations

import time

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from apps.organisations.models import Tenant, User
from apps.organisations.selectors import second_factor_due
from apps.organisations.tests.factories import PASSWORD, make_user

WHY = "il demande, en plus du mot de passe, un code de votre téléphone"
LATER = "Plus tard"
ACTIVATE = "/compte/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def empty_cache(db: None) -> None:
    cache.clear()


@pytest.fixture
def paul(tenant: Tenant) -> User:
    return make_user(tenant, "administrateur", username="paul")


def signed_in(user: User) -> Client:
    client = Client()
    assert client.post("/compte/login/", {"login": user.username, "password": PASSWORD}).status_code == 302
    return client


def test_one_password_leads_to_the_page_which_says_why_and_offers_no_way_round(paul: User) -> None:
    client = signed_in(paul)
    page = client.get("/sainte-odile/", follow=True)
    assert page.redirect_chain == [(f"{ACTIVATE}?next=%2Fsainte-odile%2F", 302)], "no password is asked again"
    text = page.content.decode()
    assert WHY in text
    assert LATER not in text


def test_after_five_minutes_it_is_asked_again_with_the_reason(paul: User) -> None:
    client = signed_in(paul)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - 301}]
    session.save()
    page = client.get(ACTIVATE, follow=True)
    assert page.redirect_chain[0][0].startswith("/compte/reauthenticate/")
    assert "Votre rôle demande un second facteur" in page.content.decode()


def test_whose_role_does_not_demand_it_may_wait(tenant: Tenant) -> None:
    page = signed_in(make_user(tenant, "caissier", username="amina")).get(ACTIVATE).content.decode()
    assert WHY not in page
    assert LATER in page


def test_what_is_due(paul: User, tenant: Tenant, settings: object) -> None:
    assert second_factor_due(paul)
    assert not second_factor_due(make_user(tenant, "caissier", username="amina"))
    TOTP.activate(paul, generate_totp_secret())
    assert not second_factor_due(paul)


def test_nothing_is_due_where_the_house_is_a_demonstration(paul: User, settings: object) -> None:
    settings.SECOND_FACTOR = "optional"  # type: ignore[attr-defined]
    assert not second_factor_due(paul)
