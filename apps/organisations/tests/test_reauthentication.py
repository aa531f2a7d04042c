"""The pages that guard an account, under a house's slug, for whose password was last asked long ago.

allauth asks for it again by an exception, which must lead to the page that asks and never to a 500: the
request's transaction is rolled back by then, and nothing can be read in it any more.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from apps.organisations.models import User
from apps.organisations.tests.factories import PASSWORD, make_user
from tests.support.urls import STAFF, addresses

ARGUMENTS = {"key": "rien", "uidb36": "0"}
PAGES = [address for address in addresses(STAFF) if address.is_allauth]
HOUSE = "/sainte-odile"
ACTIVATE = f"{HOUSE}/compte/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def relaxed(settings: Any, db: None) -> None:
    settings.SECOND_FACTOR = "optional"
    cache.clear()


@pytest.fixture
def rose(tenant: Any) -> User:
    return make_user(tenant, "auditeur", email="rose@exemple.cm")


def signed_in_long_ago(user: User, *, reauthenticated: bool = True) -> Client:
    """Return a session whose password was asked for an hour ago."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() - 3600, "username": user.username, "reauthenticated": reauthenticated}
    ]
    session.save()
    return client


def with_second_factor(user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)


@pytest.mark.parametrize("factor", [False, True], ids=["password alone", "second factor"])
def test_no_page_of_the_account_is_a_500(rose: User, factor: bool) -> None:
    if factor:
        with_second_factor(rose)
    answers = {}
    for page in PAGES:
        for method in ("get", "post"):
            client = signed_in_long_ago(rose)
            client.raise_request_exception = False
            answer = getattr(client, method)(page.path(ARGUMENTS, "sainte-odile"), {"next": f"{HOUSE}/"})
            answers[page.name, method] = answer.status_code
    assert len(PAGES) > 20
    assert not {place: status for place, status in answers.items() if status not in {200, 302, 403, 404, 405}}
    guarded = ["mfa_activate_totp", "mfa_generate_recovery_codes"]
    assert {answers[name, method] for name in guarded for method in ("get", "post")} == {302}


@pytest.mark.parametrize("reauthenticated", [False, True])
def test_the_second_factor_is_set_up_after_the_password(rose: User, reauthenticated: bool) -> None:
    client = signed_in_long_ago(rose, reauthenticated=reauthenticated)
    asked = client.get(ACTIVATE)
    assert (
        asked["Location"] == f"{HOUSE}/compte/reauthenticate/?next=%2Fsainte-odile%2Fcompte%2F2fa%2Ftotp%2Factivate%2F"
    )
    page = client.get(asked["Location"])
    assert page.status_code == 200
    proved = client.post(f"{HOUSE}/compte/reauthenticate/", {"password": PASSWORD, "next": ACTIVATE})
    assert (proved.status_code, proved["Location"]) == (302, ACTIVATE)
    assert client.get(ACTIVATE).status_code == 200


def test_a_form_sent_too_late_leads_back_to_its_page_once_the_password_is_given(rose: User) -> None:
    """It stood open for longer than the proof is good for: what it asked is asked again, nothing is done unasked."""
    with_second_factor(rose)
    client = signed_in_long_ago(rose)
    deactivate = f"{HOUSE}/compte/2fa/totp/deactivate/"
    asked = client.post(deactivate)
    assert asked["Location"].startswith(f"{HOUSE}/compte/reauthenticate/?next=")
    proved = client.post(f"{HOUSE}/compte/reauthenticate/", {"password": PASSWORD, "next": deactivate})
    assert (proved.status_code, proved["Location"]) == (302, deactivate)
    assert client.get(deactivate).status_code == 200


def test_a_wrong_password_is_asked_again(rose: User) -> None:
    client = signed_in_long_ago(rose)
    asked = client.post(f"{HOUSE}/compte/reauthenticate/", {"password": "un mauvais mot de passe", "next": ACTIVATE})
    assert asked.status_code == 200
    assert client.get(ACTIVATE).status_code == 302
