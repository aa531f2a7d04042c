"""Members at the doors: what a closed access, another role and a password for one use open from then on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.organisations.models import Membership, Tenant, User
from apps.organisations.services import members
from apps.organisations.tests.factories import PASSWORD, acteur_of, make_user
from apps.socle.actors import Acteur
from apps.socle.clock import now
from apps.socle.errors import BusinessError, Conflict
from apps.socle.models import AuditLog, AuditTrail

NEW = {"first_name": "Amina", "last_name": "Ngo Bassong", "role": "caissier"}
ONE_TIME = re.compile(r"\b(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}\b")


@pytest.fixture(autouse=True)
def relaxed_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR = "optional"


@pytest.fixture
def administrator(tenant: Tenant) -> User:
    return make_user(tenant, "administrateur", first_name="Odile", last_name="Eyenga")


@pytest.fixture
def acteur(tenant: Tenant, administrator: User) -> Acteur:
    return acteur_of(administrator, tenant)


@pytest.fixture
def screen(tenant: Tenant, administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def address(membership: Membership, what: str = "") -> str:
    return f"/sainte-odile/membres/{membership.pk}/{what}"


def trail(action: str) -> AuditTrail:
    return AuditTrail.objects.get(action=action)


def sign_in(login: str, password: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/compte/login/", {"login": login, "password": password})


def is_in(response: Any) -> bool:
    return "_auth_user_id" in response.client.session


def test_an_ended_access_is_a_stranger_s_at_once_and_comes_back_as_it_was(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier")
    client = Client()
    client.force_login(amina)
    members.deactivate_member(membership_id=membership_of(amina).pk, acteur=acteur)
    assert client.get("/sainte-odile/caisse/").status_code == 404
    assert User.objects.get(pk=amina.pk).is_active, "the account is the person's, other houses may know it"
    members.reactivate_member(membership_id=membership_of(amina).pk, acteur=acteur)
    assert client.get("/sainte-odile/caisse/factures/").status_code == 200
    assert membership_of(amina).role.name == "caissier"


@pytest.mark.parametrize("service", [members.deactivate_member, members.reactivate_member])
def test_the_second_of_two_who_act_at_once_is_told(tenant: Tenant, acteur: Acteur, service: Any) -> None:
    key = membership_of(make_user(tenant, "caissier")).pk
    if service is members.deactivate_member:
        service(membership_id=key, acteur=acteur)
    with pytest.raises(Conflict, match="déjà"):
        service(membership_id=key, acteur=acteur)


def test_a_closed_account_or_access_is_no_administrator_who_remains(
    tenant: Tenant, administrator: User, acteur: Acteur
) -> None:
    closed, ended = make_user(tenant, "administrateur"), make_user(tenant, "administrateur")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    members.deactivate_member(membership_id=membership_of(ended).pk, acteur=acteur)
    with pytest.raises(BusinessError, match="Il doit rester un administrateur"):
        members.change_role(membership_id=membership_of(administrator).pk, role="caissier", acteur=acteur)


def test_another_role_gives_other_rights_at_the_next_page(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier")
    client = Client()
    client.force_login(amina)
    members.change_role(membership_id=membership_of(amina).pk, role="medecin", acteur=acteur)
    assert client.get("/sainte-odile/caisse/").status_code == 403


def test_a_password_for_one_use_replaces_the_old_one_and_ends_its_sessions(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier", username="amina")
    old = Client()
    assert is_in(sign_in("amina@sainte-odile", PASSWORD, old))
    password = members.reset_password_once(membership_id=membership_of(amina).pk, acteur=acteur)
    assert old.get("/sainte-odile/caisse/").status_code == 302
    assert not is_in(sign_in("amina@sainte-odile", PASSWORD))
    assert is_in(sign_in("amina@sainte-odile", password))


def test_it_opens_the_page_that_replaces_it_and_nothing_else_then_no_more(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier", username="amina")
    password = members.reset_password_once(membership_id=membership_of(amina).pk, acteur=acteur)
    client = Client()
    sign_in("amina@sainte-odile", password, client)
    for page in ("/sainte-odile/", "/sainte-odile/caisse/", "/sainte-odile/patients/"):
        assert client.get(page)["Location"].startswith("/compte/password/change/")
    own = "la pirogue du matin"
    client.post("/compte/password/change/", {"oldpassword": password, "password1": own, "password2": own})
    assert client.get("/sainte-odile/patients/").status_code == 200
    assert not is_in(sign_in("amina@sainte-odile", password))
    assert is_in(sign_in("amina@sainte-odile", own))


def test_after_its_day_it_opens_nothing(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier", username="amina")
    password = members.reset_password_once(membership_id=membership_of(amina).pk, acteur=acteur)
    User.objects.filter(pk=amina.pk).update(one_time_until=now() - timedelta(seconds=1))
    answer = sign_in("amina@sainte-odile", password)
    assert not is_in(answer)
    assert "demandez-en un autre" in answer.content.decode()


def test_a_session_opened_with_it_ends_with_its_day(tenant: Tenant, acteur: Acteur) -> None:
    amina = make_user(tenant, "caissier", username="amina")
    password = members.reset_password_once(membership_id=membership_of(amina).pk, acteur=acteur)
    client = Client()
    sign_in("amina@sainte-odile", password, client)
    User.objects.filter(pk=amina.pk).update(one_time_until=now() - timedelta(seconds=1))
    answer = client.get("/sainte-odile/patients/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/compte/login/")


def test_two_passwords_are_never_alike_and_neither_is_written_anywhere(tenant: Tenant, screen: Client) -> None:
    key = membership_of(make_user(tenant, "caissier"))
    pages = [screen.post(address(key, "mot-de-passe/"), follow=True) for _again in range(2)]
    first, second = (ONE_TIME.search(page.content.decode()).group() for page in pages)
    assert first != second
    assert all("no-store" in page["Cache-Control"] for page in pages)
    kept = [str(vars(row)) for row in (*AuditTrail.objects.all(), *AuditLog.objects.all())]
    assert kept
    assert not [row for row in kept if first in row or second in row]


def test_the_bar_leads_the_administrator_there_and_nobody_else(tenant: Tenant, screen: Client) -> None:
    assert 'href="/sainte-odile/membres/"' in screen.get("/sainte-odile/").content.decode()
    accountant = Client()
    accountant.force_login(make_user(tenant, "comptable"))
    assert "/sainte-odile/membres/" not in accountant.get("/sainte-odile/").content.decode()


def test_adding_by_email_sends_the_link_that_lets_the_person_choose(
    screen: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        screen.post("/sainte-odile/membres/ajouter/", {**NEW, "email": "amina@exemple.cm"})
    [letter] = mail.outbox
    assert (letter.to, "Hôpital Sainte-Odile" in letter.subject) == (["amina@exemple.cm"], True)
    link = re.search(r"http://testserver(/compte/password/reset/key/\S+)", letter.body)
    assert link is not None, letter.body
    client, own = Client(), "la pirogue du matin"
    page = client.get(link[1], follow=True).redirect_chain[-1][0]
    assert client.post(page, {"password1": own, "password2": own}).status_code == 302
    assert is_in(sign_in("amina@exemple.cm", own))
    assert client.get(link[1], follow=True).context["token_fail"], "the link serves once"


def test_no_letter_leaves_for_whom_the_database_refused(
    screen: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "last_name": "", "email": "amina@exemple.cm"})
    assert answer.status_code == 422
    assert not mail.outbox


def test_a_taken_name_is_said_beside_it(tenant: Tenant, screen: Client) -> None:
    make_user(tenant, "caissier", username="amina")
    answer = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "username": "amina"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["username"]


def test_nothing_of_what_is_the_person_s_own_can_be_typed_here(tenant: Tenant, screen: Client) -> None:
    rose = make_user(tenant, "comptable", email="rose@exemple.cm")
    page = screen.get(address(membership_of(rose))).content.decode()
    assert "mot-de-passe/" not in page
    screen.post(address(membership_of(rose)), {"role": "comptable", "email": "moi@exemple.cm", "password": "x"})
    kept = User.objects.get(pk=rose.pk)
    assert (kept.email, kept.check_password(PASSWORD)) == ("rose@exemple.cm", True)
