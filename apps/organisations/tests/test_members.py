"""Members: the administrator manages memberships; what is a person's own stays hers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import set_script_prefix

from apps.organisations import handover
from apps.organisations.models import Membership, User
from apps.organisations.services import members
from apps.organisations.services.create_user import grant_membership
from apps.organisations.services.members import (
    ALPHABET,
    add_member,
    change_role,
    deactivate_member,
    reactivate_member,
    reset_password_once,
)
from apps.organisations.tests.factories import PASSWORD, acteur_of, make_tenant, make_user
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database
NEW = {"role": "caissier", "first_name": "Amina", "last_name": "Ngo"}


@pytest.fixture
def admin(tenant):
    return acteur_of(make_user(tenant, "administrateur", first_name="Paul", last_name="Eto"), tenant)


def of(user: User) -> Membership:
    return Membership.objects.get(user=user)


# Services ------------------------------------------------------------------------------


def test_a_person_without_email_gets_a_password_for_one_use(tenant, admin):
    added = add_member(username="amina.caisse", acteur=admin, **NEW)
    user = added.membership.user
    assert (user.username, added.membership.role.name, user.created_by_id) == (
        "amina.caisse@sainte-odile",
        "caissier",
        admin.id,
    )
    assert added.one_time_password is not None
    assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", added.one_time_password)
    user.refresh_from_db()
    assert user.check_password(added.one_time_password)
    assert timedelta(hours=23) < user.one_time_until - now() <= timedelta(hours=24)


def test_a_person_with_an_email_gets_no_password_from_us(tenant, admin):
    added = add_member(email="Rose@exemple.cm", acteur=admin, **NEW)
    user = added.membership.user
    assert (added.one_time_password, added.is_new_account, user.email) == (None, True, "rose@exemple.cm")
    assert not user.has_usable_password()


def test_a_person_who_has_an_account_keeps_it_as_it_is(tenant, autre_tenant, admin):
    rose = make_user(autre_tenant, "comptable", email="rose@exemple.cm", first_name="Rose", last_name="Tchoumi")
    added = add_member(email="ROSE@exemple.cm", acteur=admin, **{**NEW, "role": "comptable"})
    assert (added.is_new_account, added.one_time_password, added.membership.user) == (False, None, rose)
    rose.refresh_from_db()
    assert rose.full_name == "Rose Tchoumi"
    assert rose.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "rose@exemple.cm"}, "already-member"),
        ({"email": "partie@exemple.cm"}, "already-member"),
        ({"username": "amina", "role": "directeur"}, "unknown-role"),
        ({"username": "amina", "first_name": " "}, "name-missing"),
        ({"username": "amina", "last_name": ""}, "name-missing"),
        ({"username": "amina@saint-luc"}, "username-invalid"),
        ({"email": "pas une adresse"}, "user-invalid"),
    ],
)
def test_a_member_that_cannot_be_added_leaves_nothing(tenant, admin, values, code):
    make_user(tenant, "comptable", email="rose@exemple.cm")
    gone = make_user(tenant, "comptable", email="partie@exemple.cm")
    Membership.objects.filter(user=gone).update(is_active=False)
    before = User.objects.count()
    with pytest.raises(BusinessError) as refusal:
        add_member(acteur=admin, **{**NEW, **values})
    assert refusal.value.code == code
    assert User.objects.count() == before


def test_another_role(tenant, admin):
    member = of(make_user(tenant, "caissier"))
    change_role(membership_id=member.pk, role="medecin", acteur=admin)
    member.refresh_from_db()
    assert member.role.name == "medecin"
    trace = AuditTrail.objects.get(action="membership_role_changed")
    assert (trace.user_id, trace.old_values, trace.new_values) == (admin.id, {"role": "caissier"}, {"role": "medecin"})


def test_the_same_role_changes_nothing(tenant, admin):
    member = of(make_user(tenant, "caissier"))
    change_role(membership_id=member.pk, role="caissier", acteur=admin)
    assert not AuditTrail.objects.filter(action="membership_role_changed").exists()


def test_an_access_is_closed_and_opened_again(tenant, admin):
    member = of(make_user(tenant))
    deactivate_member(membership_id=member.pk, acteur=admin)
    assert not of(member.user).is_active
    with pytest.raises(BusinessError, match="déjà fermé"):
        deactivate_member(membership_id=member.pk, acteur=admin)
    reactivate_member(membership_id=member.pk, acteur=admin)
    assert of(member.user).is_active
    with pytest.raises(BusinessError, match="déjà ouvert"):
        reactivate_member(membership_id=member.pk, acteur=admin)
    assert list(
        AuditTrail.objects.filter(model_id=member.pk).values_list("action", flat=True).order_by("created_at")
    ) == [
        "membership_granted",
        "membership_deactivated",
        "membership_reactivated",
    ]


def test_who_was_made_closed_comes_in_once_opened(tenant, admin, client):
    """As the cashiers of a paper till: the list says that they are closed, and opening them opens their account."""
    user = make_user(tenant, "caissier", "rose.papier", is_active=False)
    assert not of(user).is_open
    assert not client.login(username=user.username, password=PASSWORD)
    reactivate_member(membership_id=of(user).pk, acteur=admin)
    assert of(user).is_open
    assert client.login(username=user.username, password=PASSWORD)


def test_an_account_that_is_not_the_tenants_alone_is_not_its_to_open(tenant, admin):
    user = make_user(tenant, "comptable", email="rose@exemple.cm", is_active=False)
    with pytest.raises(BusinessError, match="fermé partout") as refusal:
        reactivate_member(membership_id=of(user).pk, acteur=admin)
    assert refusal.value.code == "account-closed"
    user.refresh_from_db()
    assert not user.is_active


def test_a_name_that_is_taken_is_said_with_that_name(tenant):
    make_user(tenant, "caissier", "amina.caisse")
    with pytest.raises(BusinessError) as refusal:
        make_user(tenant, "caissier", "amina.caisse")
    assert (refusal.value.code, refusal.value.field) == ("user-taken", "username")
    assert str(refusal.value) == f"« amina.caisse@{tenant.slug} » est déjà pris."


def test_there_is_always_an_administrator(tenant, admin):
    mine = Membership.objects.get(user_id=admin.id)
    for attempt in (
        lambda: change_role(membership_id=mine.pk, role="caissier", acteur=admin),
        lambda: deactivate_member(membership_id=mine.pk, acteur=SYSTEM),
    ):
        with pytest.raises(BusinessError) as refusal:
            attempt()
        assert refusal.value.code == "last-administrator"
    closed = make_user(tenant, "administrateur", is_active=False)
    with pytest.raises(BusinessError):
        deactivate_member(membership_id=mine.pk, acteur=acteur_of(closed, tenant))


def test_nobody_changes_or_closes_her_own_access(tenant, admin):
    make_user(tenant, "administrateur")
    mine = Membership.objects.get(user_id=admin.id)
    for attempt in (
        lambda: deactivate_member(membership_id=mine.pk, acteur=admin),
        lambda: change_role(membership_id=mine.pk, role="comptable", acteur=admin),
    ):
        with pytest.raises(BusinessError) as refusal:
            attempt()
        assert refusal.value.code == "own-membership"


def test_a_new_password_for_one_use_ends_open_sessions(tenant, admin):
    user = make_user(tenant)
    client = Client()
    client.force_login(user)
    password = reset_password_once(membership_id=of(user).pk, acteur=admin)
    user.refresh_from_db()
    assert user.check_password(password)
    assert user.must_choose_password
    assert client.get("/sainte-odile/")["Location"].startswith("/compte/login/")
    trace = AuditTrail.objects.get(action="one_time_password_issued")
    assert password not in str(trace.new_values) + str(trace.old_values) + trace.reason


def test_a_shared_persons_password_is_her_own(tenant, admin):
    rose = make_user(tenant, "comptable", email="rose@exemple.cm")
    with pytest.raises(BusinessError) as refusal:
        reset_password_once(membership_id=of(rose).pk, acteur=admin)
    assert (refusal.value.code, refusal.value.status) == ("password-is-personal", 403)
    assert User.objects.get(pk=rose.pk).check_password(PASSWORD)


def test_members_of_another_tenant_do_not_exist(tenant, autre_tenant, admin):
    stranger = make_user(autre_tenant)
    with scope(autre_tenant.pk):
        theirs = of(stranger)
    for attempt in (
        lambda: change_role(membership_id=theirs.pk, role="medecin", acteur=admin),
        lambda: deactivate_member(membership_id=theirs.pk, acteur=admin),
        lambda: reset_password_once(membership_id=theirs.pk, acteur=admin),
    ):
        with pytest.raises(Membership.DoesNotExist):
            attempt()


# Screens -------------------------------------------------------------------------------


@pytest.fixture
def screen(tenant, admin, settings):
    """A browser of the administrator's."""
    settings.SECOND_FACTOR = "optional"
    client = Client()
    client.force_login(User.objects.get(pk=admin.id))
    yield client
    set_script_prefix("/")


def text(response) -> str:
    return response.content.decode()


def test_the_list_shows_who_is_in_and_who_was(tenant, autre_tenant, screen):
    for first, last in (("Amina", "Ngo"), ("Élodie", "Émane"), ("Zoé", "Éto")):
        make_user(tenant, "caissier", first_name=first, last_name=last)
    gone = make_user(tenant, "caissier", first_name="Zoé", last_name="Abega")
    Membership.objects.filter(user=gone).update(is_active=False)
    make_user(autre_tenant, "caissier", first_name="Inconnu", last_name="Ailleurs")
    page = text(screen.get("/sainte-odile/membres/"))
    assert "Ailleurs" not in page
    names = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', page)
    assert names == ["Élodie Émane", "Paul Eto", "Zoé Éto", "Amina Ngo", "Zoé Abega"], "open first, then as one reads"


def test_adding_a_cashier_shows_the_password_once_and_keeps_it_nowhere(screen, tenant):
    sent = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "username": "amina.caisse"})
    amina = User.objects.get(username="amina.caisse@sainte-odile")
    assert sent["Location"] == f"/sainte-odile/membres/{of(amina).pk}/mot-de-passe/remis/"
    waiting = str(dict(screen.session))
    response = screen.get(sent["Location"])
    assert "no-store" in response["Cache-Control"]
    password = one_time_password(response)
    assert password is not None
    assert amina.check_password(password)
    assert password not in waiting, "it waits encrypted"
    assert password not in text(screen.get("/sainte-odile/membres/"))


def one_time_password(response) -> str | None:
    found = re.search(rf">((?:[{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}})<", text(response))
    return found and found[1]


def test_asked_again_the_page_says_that_it_was_shown_and_offers_another(screen, tenant):
    sent = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "username": "amina.caisse"})
    first = one_time_password(screen.get(sent["Location"]))
    again = screen.get(sent["Location"])
    assert (again.status_code, one_time_password(again)) == (200, None)
    assert "no-store" in again["Cache-Control"]
    assert "a déjà été montré" in text(again)
    member = of(User.objects.get(username="amina.caisse@sainte-odile"))
    assert f'action="/sainte-odile/membres/{member.pk}/mot-de-passe/"' in text(again)
    other = one_time_password(screen.post(f"/sainte-odile/membres/{member.pk}/mot-de-passe/", follow=True))
    assert other not in {None, first}


def test_no_other_session_and_no_other_member_s_page_reads_it(screen, tenant, admin):
    sent = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "username": "amina.caisse"})
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(pk=admin.id))
    assert one_time_password(elsewhere.get(sent["Location"])) is None
    other = of(make_user(tenant))
    assert one_time_password(screen.get(f"/sainte-odile/membres/{other.pk}/mot-de-passe/remis/")) is None
    assert one_time_password(screen.get(sent["Location"])) is not None


def test_one_that_nobody_fetched_is_not_shown_later(screen, tenant, monkeypatch):
    sent = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "username": "amina.caisse"})
    monkeypatch.setattr(handover, "SECONDS", -1)
    assert one_time_password(screen.get(sent["Location"])) is None


def test_adding_somebody_with_an_address_sends_the_link(screen, tenant, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = screen.post("/sainte-odile/membres/ajouter/", {**NEW, "email": "rose@exemple.cm"})
    assert response["Location"] == "/sainte-odile/membres/"
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["rose@exemple.cm"], "Votre accès à Hôpital Sainte-Odile")
    link = re.search(r"http://testserver(/compte/password/reset/key/\S+)", letter.body)
    assert link is not None, "public: the person is not signed in"
    person = Client()
    form = person.get(link[1], follow=True)
    new = {"password1": "un nouveau mot de passe", "password2": "un nouveau mot de passe"}
    assert person.post(form.redirect_chain[-1][0], new).status_code == 302
    assert User.objects.get(email="rose@exemple.cm").check_password("un nouveau mot de passe")


def test_adding_somebody_known_sends_nothing(screen, tenant, autre_tenant, django_capture_on_commit_callbacks):
    make_user(autre_tenant, "comptable", email="rose@exemple.cm", first_name="Rose", last_name="Tchoumi")
    with django_capture_on_commit_callbacks(execute=True):
        response = screen.post(
            "/sainte-odile/membres/ajouter/", {"role": "comptable", "email": "rose@exemple.cm"}, follow=True
        )
    assert "Rose Tchoumi est membre" in text(response)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "l’un des deux"),
        ({"email": "rose@exemple.cm", "username": "rose"}, "l’un des deux"),
        ({"username": "rose", "first_name": ""}, "Donnez le prénom et le nom"),
        ({"username": "deux mots"}, "Un identifiant s’écrit"),
        ({"username": "rose", "role": ""}, "obligatoire"),
        ({"email": "rose"}, "adresse"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_kept(screen, values, said):
    response = screen.post("/sainte-odile/membres/ajouter/", {**NEW, **values})
    assert response.status_code == 422
    assert said in text(response)
    if values.get("username"):
        assert f'value="{values["username"]}"' in text(response)


def test_a_members_page_changes_the_role_and_tells_the_history(screen, tenant):
    member = of(make_user(tenant, "caissier", first_name="Amina", last_name="Ngo"))
    address = f"/sainte-odile/membres/{member.pk}/"
    assert screen.post(address, {"role": "medecin"})["Location"] == address
    page = text(screen.get(address))
    assert "Rôle changé" in page
    assert "Médecin" in page
    assert screen.post(address, {"role": "directeur"}).status_code == 422


def test_the_last_administrator_is_told_so(screen, tenant, admin):
    mine = Membership.objects.get(user_id=admin.id)
    response = screen.post(f"/sainte-odile/membres/{mine.pk}/", {"role": "caissier"})
    assert response.status_code in {403, 422}
    assert "administrateur" in text(response)


def test_an_access_is_closed_and_reopened_from_the_page(screen, tenant):
    member = of(make_user(tenant))
    page = f"/sainte-odile/membres/{member.pk}/"
    assert "L’accès est fermé." in text(screen.post(f"{page}fermer/", follow=True))
    assert "déjà fermé" in text(screen.post(f"{page}fermer/", follow=True))
    assert "L’accès est rouvert." in text(screen.post(f"{page}rouvrir/", follow=True))


def test_the_one_time_password_is_offered_only_where_it_may_be(screen, tenant):
    cashier, shared = of(make_user(tenant)), of(make_user(tenant, "comptable", email="rose@exemple.cm"))
    assert "Nouveau mot de passe" in text(screen.get(f"/sainte-odile/membres/{cashier.pk}/"))
    assert "Nouveau mot de passe" not in text(screen.get(f"/sainte-odile/membres/{shared.pk}/"))
    response = screen.post(f"/sainte-odile/membres/{cashier.pk}/mot-de-passe/", follow=True)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "Valable 24 heures, pour une connexion" in " ".join(re.sub("<[^>]+>", " ", text(response)).split())
    refused = screen.post(f"/sainte-odile/membres/{shared.pk}/mot-de-passe/", follow=True)
    assert "choisit elle-même" in text(refused)
    page = f"/sainte-odile/membres/{shared.pk}/"
    assert screen.get(f"{page}mot-de-passe/remis/")["Location"] == page


@pytest.mark.parametrize("path", ["fermer/", "rouvrir/", "mot-de-passe/"])
def test_an_act_is_not_a_link(screen, tenant, path):
    member = of(make_user(tenant))
    assert screen.get(f"/sainte-odile/membres/{member.pk}/{path}").status_code == 405


def test_another_tenants_member_is_404(screen, tenant, autre_tenant):
    stranger = make_user(autre_tenant)
    with scope(autre_tenant.pk):
        theirs = of(stranger)
    page = f"/sainte-odile/membres/{theirs.pk}/"
    assert screen.get(page).status_code == 404
    assert [screen.post(f"{page}{act}").status_code for act in ("", "fermer/", "rouvrir/", "mot-de-passe/")] == [
        404
    ] * 4


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_asks_as_much_for_fifty_members_as_for_one(screen, tenant, number, django_assert_max_num_queries):
    for _n in range(number):
        make_user(tenant)
    screen.get("/sainte-odile/membres/")
    with django_assert_max_num_queries(16):
        assert screen.get("/sainte-odile/membres/").status_code == 200


def test_the_time_that_the_page_names_is_the_one_that_counts():
    assert members.ONE_TIME_LIFE.total_seconds() == 24 * 3600


def test_a_tenants_administrator_is_nothing_elsewhere(tenant, admin, screen):
    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    assert screen.get("/saint-luc/membres/").status_code == 404
    with scope(other.pk), pytest.raises(BusinessError):
        grant_membership(tenant=other, user=User.objects.get(pk=admin.id), role="caissier", acteur=SYSTEM)
