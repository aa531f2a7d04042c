"""Accounts: one name each, no account above the tenants, an account without e-mail at home in one tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.organisations.backends import MembershipBackend
from apps.organisations.models import Membership, Role, User
from apps.organisations.services.create_user import create_user, grant_membership
from apps.organisations.tests.factories import PASSWORD, make_acteur, make_user
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def make(tenant, **values) -> User:
    defaults = {"username": "amina", "first_name": "Amina", "last_name": "Ngo", "role": "caissier", "acteur": SYSTEM}
    with scope(tenant.id):
        return create_user(tenant=tenant, **{**defaults, **values})


# Names ---------------------------------------------------------------------------------


def test_without_email_the_username_names_the_establishment(tenant):
    user = make(tenant, username=" Amina.Caisse ")
    assert (user.username, user.short_username, user.email) == ("amina.caisse@sainte-odile", "amina.caisse", None)


def test_the_same_short_name_may_serve_in_another_establishment(tenant, autre_tenant):
    make(tenant)
    assert make(autre_tenant).username == "amina@saint-luc"
    with pytest.raises(BusinessError) as refusal:
        make(tenant)
    assert refusal.value.field == "username"


@pytest.mark.parametrize(
    "username", ["amina@saint-luc", "amina@sainte-odile@x", "a b", "", "@sainte-odile", "amina@", ".", "x" * 60]
)
def test_a_username_is_a_short_name_of_this_establishment(tenant, autre_tenant, username):
    """Nobody takes a name in another establishment."""
    with pytest.raises(BusinessError) as refusal:
        make(tenant, username=username)
    assert refusal.value.code == "username-invalid"


def test_a_username_may_be_given_whole(tenant):
    assert make(tenant, username="amina@sainte-odile").username == "amina@sainte-odile"


def test_with_email_the_address_is_the_name(tenant):
    user = make(tenant, username="", email=" Rose.Tchoumi@Exemple.CM ")
    assert (user.username, user.email) == ("rose.tchoumi@exemple.cm", "rose.tchoumi@exemple.cm")


def test_an_address_has_one_account_whatever_its_case(tenant, autre_tenant):
    make(tenant, email="rose@exemple.cm")
    with pytest.raises(BusinessError) as refusal:
        make(autre_tenant, email="ROSE@exemple.cm")
    assert refusal.value.code == "user-taken"


@pytest.mark.parametrize(
    "values",
    [
        {"username": "Amina@sainte-odile"},
        {"username": "a@b", "email": "Rose@exemple.cm"},
        {"username": "a@b", "email": ""},
        {"username": "sans-etablissement"},
        {"username": "a@b", "is_superuser": True},
    ],
    ids=["capital in username", "capital in e-mail", "empty e-mail", "nowhere at home", "above the tenants"],
)
def test_what_the_database_refuses_of_an_account(db, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(first_name="A", last_name="B", password="!", **values)])


def test_nobody_can_be_made_a_superuser(db):
    assert not hasattr(User.objects, "create_superuser")


def test_names_of_a_person(tenant):
    user = make(tenant)
    assert (user.full_name, user.name, str(user), user.get_full_name()) == ("Amina Ngo",) * 4
    assert user.get_short_name() == "Amina"


def test_making_an_account_is_all_or_nothing(tenant):
    with pytest.raises(BusinessError) as refusal:
        make(tenant, role="inconnu")
    assert refusal.value.code == "unknown-role"
    assert not User.objects.filter(username="amina@sainte-odile").exists()


# Memberships ---------------------------------------------------------------------------


def test_a_membership_says_who_granted_it_and_leaves_a_trace(tenant):
    administrator = make_acteur(tenant, "administrateur")
    user = make(tenant, acteur=administrator)
    membership = Membership.objects.get(user=user)
    assert (membership.role.name, membership.granted_by_id, membership.is_active) == (
        "caissier",
        administrator.id,
        True,
    )
    assert user.created_by_id == administrator.id
    trace = AuditTrail.objects.get(action="membership_granted", model_id=membership.pk)
    assert (trace.user_id, trace.new_values) == (administrator.id, {"user": str(user.pk), "role": "caissier"})


def test_one_person_has_one_role_in_a_tenant(tenant):
    user = make(tenant, email="rose@exemple.cm")
    with pytest.raises(BusinessError, match="déjà membre ici"):
        grant_membership(tenant=tenant, user=user, role="comptable", acteur=SYSTEM)


def test_one_accountant_may_keep_several_hospitals(tenant, autre_tenant):
    user = make(tenant, email="rose@exemple.cm", role="comptable")
    with scope(autre_tenant.id):
        grant_membership(tenant=autre_tenant, user=user, role="auditeur", acteur=SYSTEM)
        assert Membership.objects.get().role.name == "auditeur"
    assert Membership.objects.get().role.name == "comptable"


def test_an_account_without_email_stays_at_home(tenant, autre_tenant):
    """Told by PostgreSQL: whoever writes the row."""
    user = make(tenant)
    with scope(autre_tenant.id), pytest.raises(BusinessError) as refusal:
        grant_membership(tenant=autre_tenant, user=user, role="caissier", acteur=SYSTEM)
    assert refusal.value.code == "membership-needs-email"


def test_a_membership_is_ended_not_deleted_nor_given_to_another(tenant):
    user, other = make(tenant), make_user(tenant)
    membership = Membership.objects.get(user=user)
    for change in (
        lambda: Membership.objects.filter(pk=membership.pk).update(user=other),
        lambda: Membership.objects.filter(pk=membership.pk).update(granted_by=other),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert Membership.objects.filter(pk=membership.pk).update(is_active=False) == 1


# Rights --------------------------------------------------------------------------------


def test_rights_come_from_the_role_in_the_tenant_in_scope(tenant, autre_tenant):
    user = make(tenant, email="rose@exemple.cm", role="administrateur")
    with scope(autre_tenant.id):
        grant_membership(tenant=autre_tenant, user=user, role="caissier", acteur=SYSTEM)
    user = User.objects.get(pk=user.pk)
    assert user.has_perm("organisations.gerer_membres")
    with scope(autre_tenant.id):
        assert not user.has_perm("organisations.gerer_membres")
        assert user.has_module_perms("hospital")
    assert user.has_perm("organisations.gerer_membres")


def test_without_a_scope_nobody_has_any_right(db):
    from apps.organisations.tests.factories import make_tenant

    user = make_user(make_tenant(), "administrateur")
    assert user.get_all_permissions() == set()
    assert not user.has_perm("organisations.gerer_membres")


def test_an_ended_membership_gives_nothing(tenant):
    user = make_user(tenant, "administrateur")
    Membership.objects.filter(user=user).update(is_active=False)
    assert not User.objects.get(pk=user.pk).has_perm("organisations.gerer_membres")


def test_a_closed_account_has_no_right_and_cannot_sign_in(tenant, rf):
    user = make_user(tenant, "administrateur", is_active=False)
    assert user.get_all_permissions() == set()
    assert MembershipBackend().authenticate(rf.post("/"), username=user.username, password=PASSWORD) is None
    assert MembershipBackend().get_user(user.pk) is None


def test_rights_given_by_django_itself_are_ignored(tenant):
    """Groups and personal permissions would stand above the tenants."""
    from django.contrib.auth.models import Permission

    user = make_user(tenant, "medecin")
    user.user_permissions.add(Permission.objects.get(codename="gerer_membres"))
    assert not User.objects.get(pk=user.pk).has_perm("organisations.gerer_membres")


def test_every_role_exists_with_the_rights_that_the_apps_declare(tenant):
    from apps.organisations.permissions import ROLES, declared_permissions

    assert set(Role.objects.values_list("name", flat=True)) == set(ROLES)
    for role in Role.objects.prefetch_related("permissions__content_type"):
        given = {f"{p.content_type.app_label}.{p.codename}" for p in role.permissions.all()}
        assert given == declared_permissions(role.name), role.name
        assert role.needs_second_factor is ROLES[role.name][2]


def test_the_auditor_writes_nothing():
    from apps.organisations.permissions import declared_permissions

    verbs = {permission.partition(".")[2].partition("_")[0] for permission in declared_permissions("auditeur")}
    assert verbs <= {"view", "acces", "voir", "consulter", "exporter", "archive", "prove"}  # copies to take along


# A password for one use ----------------------------------------------------------------


def test_a_password_for_one_use_opens_until_its_time_is_up(tenant, rf):
    user = make_user(tenant)
    backend, credentials = MembershipBackend(), {"username": user.username, "password": PASSWORD}
    user.one_time_until = now() + timedelta(hours=1)
    user.save()
    assert backend.authenticate(rf.post("/"), **credentials) == user
    assert User.objects.get(pk=user.pk).must_choose_password
    user.one_time_until = now()
    user.save()
    assert backend.authenticate(rf.post("/"), **credentials) is None
    assert backend.get_user(user.pk) is None, "an open session ends too"


def test_choosing_a_password_uses_it_up(tenant):
    user = make_user(tenant)
    user.one_time_until = now() + timedelta(hours=1)
    user.set_password("un autre mot de passe")
    assert not user.must_choose_password
