"""A lockout is the account's: earned under any of its names, at any address, it holds at every door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from apps.organisations.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.database
BLOCKED = "la connexion est bloquée"
LIMIT = 5


@pytest.fixture(autouse=True)
def no_attempt_remembered(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def attempt(login: str, password: str = "faux", host: str = "localhost", client: Client | None = None) -> str:
    answer = (client or Client()).post("/compte/login/", {"login": login, "password": password}, HTTP_HOST=host)
    return "inside" if answer.status_code == 302 else answer.content.decode()


def test_the_right_password_opens(tenant) -> None:
    assert attempt(make_user(tenant).username, PASSWORD) == "inside"


def test_another_port_in_the_host_header_begins_no_new_count(tenant) -> None:
    """The header is the caller's to choose, and ALLOWED_HOSTS looks at the name only."""
    user = make_user(tenant)
    for port in range(LIMIT):
        assert BLOCKED not in attempt(user.username, host=f"localhost:{8000 + port}")
    assert BLOCKED in attempt(user.username, PASSWORD, host="127.0.0.1:9999")


def test_both_names_of_an_account_share_one_count(tenant) -> None:
    user = make_user(tenant, "comptable", email="rose@exemple.cm")
    user.username = f"rose.compta@{tenant.slug}"
    user.save(update_fields=["username"])
    for login in ("rose@exemple.cm", user.username, "ROSE@exemple.cm", user.username, "rose@exemple.cm"):
        assert BLOCKED not in attempt(login)
    assert BLOCKED in attempt(user.username, PASSWORD)


def test_one_person_locked_out_locks_nobody_else_out(tenant) -> None:
    user, other = make_user(tenant), make_user(tenant)
    for _attempt in range(LIMIT + 1):
        attempt(user.username)
    assert attempt(other.username, PASSWORD) == "inside"


def test_an_unknown_name_is_counted_too(tenant) -> None:
    for port in range(LIMIT):
        attempt("personne@sainte-odile", host=f"localhost:{8000 + port}")
    assert BLOCKED in attempt("personne@sainte-odile", host="localhost:1")


def test_a_lockout_holds_where_the_password_is_asked_again(tenant) -> None:
    user, inside = make_user(tenant), Client()
    assert attempt(user.username, PASSWORD, client=inside) == "inside"
    for _attempt in range(LIMIT):
        attempt(user.username)
    answer = inside.post("/compte/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 200
    assert BLOCKED in answer.content.decode()


def change(client: Client, current: str, new: str = "un-autre-mot-2026") -> str:
    form = {"oldpassword": current, "password1": new, "password2": new}
    answer = client.post("/compte/password/change/", form)
    return "changed" if answer.status_code == 302 else answer.content.decode()


def test_a_wrong_current_password_counts_where_it_is_changed(tenant) -> None:
    """Whoever sits down at an open session has five guesses there too, and has then shut every other door."""
    user, inside = make_user(tenant), Client()
    assert attempt(user.username, PASSWORD, client=inside) == "inside"
    for _attempt in range(LIMIT):
        assert BLOCKED not in change(inside, "faux")
    assert BLOCKED in attempt(user.username, PASSWORD)


def test_tries_at_both_doors_are_one_count(tenant) -> None:
    user, inside = make_user(tenant), Client()
    assert attempt(user.username, PASSWORD, client=inside) == "inside"
    for _attempt in range(LIMIT - 1):
        attempt(user.username)
    assert BLOCKED not in change(inside, "faux")
    assert BLOCKED in change(inside, PASSWORD), "the right one no longer opens"


def test_the_right_current_password_costs_no_try(tenant) -> None:
    user, inside = make_user(tenant), Client()
    assert attempt(user.username, PASSWORD, client=inside) == "inside"
    for turn in range(LIMIT - 1):
        assert BLOCKED not in change(inside, "faux"), turn
    assert change(inside, PASSWORD) == "changed"
    assert attempt(user.username, "un-autre-mot-2026") == "inside"
