"""A tenant is made whole, or not at all; what is true of it for life cannot change."""

from __future__ import annotations

import re
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from psycopg import errors

from apps.organisations import provisioning
from apps.organisations.models import Membership, Tenant, User
from apps.organisations.reserved import RESERVED_SLUGS
from apps.organisations.services.create_tenant import TenantToCreate, create_tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError, message_of
from apps.socle.models import AuditTrail, TenantRegistry
from apps.socle.scope import scope
from tests.support.database import connect_as

pytestmark = pytest.mark.database


@pytest.fixture
def no_steps(monkeypatch):
    """Without what the apps above provision: this file is about the tenant itself."""
    monkeypatch.setattr(provisioning, "_steps", {})


def wanted(**values) -> TenantToCreate:
    return TenantToCreate(**{"kind": "hopital", "name": "Hôpital Sainte-Odile", "slug": "sainte-odile", **values})


def test_a_tenant_is_registered_and_traced(db, no_steps):
    tenant = create_tenant(wanted=wanted(niu="M012"), acteur=SYSTEM)
    registered = TenantRegistry.objects.get(slug="sainte-odile")
    assert (registered.tenant_id, registered.time_zone, registered.is_active) == (tenant.pk, "Africa/Douala", True)
    with scope(tenant.pk):
        stored = Tenant.objects.get()
        assert (stored.legal_name, stored.currency, stored.environment, stored.niu) == (
            "Hôpital Sainte-Odile",
            "XAF",
            "production",
            "M012",
        )
        assert AuditTrail.objects.filter(action="tenant_created", model_id=tenant.pk).count() == 1


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("", "slug-invalid"),
        ("Sainte-Odile", "slug-invalid"),
        ("sainte_odile", "slug-invalid"),
        ("-odile", "slug-invalid"),
        ("odile-", "slug-invalid"),
        ("sainte odile", "slug-invalid"),
        ("sainte-odile\n", "slug-invalid"),
        ("hôpital", "slug-invalid"),
        ("a" * 64, "slug-invalid"),
        *((slug, "slug-reserved") for slug in sorted(RESERVED_SLUGS) if "." not in slug),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(db, no_steps, slug, code):
    with pytest.raises(BusinessError) as refusal:
        create_tenant(wanted=wanted(slug=slug), acteur=SYSTEM)
    assert (refusal.value.code, refusal.value.field) == (code, "slug")
    assert not TenantRegistry.objects.exists()


@pytest.mark.parametrize("slug", ["a", "h2", "sainte-odile-de-douala", "3-freres", "a" * 63])
def test_an_address_may_be(db, no_steps, slug):
    assert create_tenant(wanted=wanted(slug=slug), acteur=SYSTEM).slug == slug


def test_no_first_segment_of_our_own_addresses_can_be_a_tenants():
    """A tenant named like one of our pages would be unreachable, or hide it."""
    from django.urls import get_resolver

    first = {str(p.pattern).partition("/")[0] for p in get_resolver("config.urls").url_patterns}
    assert {segment for segment in first if segment} <= RESERVED_SLUGS


def test_an_address_is_taken_once(db, no_steps):
    create_tenant(wanted=wanted(), acteur=SYSTEM)
    with pytest.raises(BusinessError) as refusal:
        create_tenant(wanted=wanted(name="Autre"), acteur=SYSTEM)
    assert refusal.value.code == "slug-taken"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_is_told(no_steps):
    together, outcomes = threading.Barrier(2), []

    def create() -> None:
        together.wait(timeout=10)
        try:
            create_tenant(wanted=wanted(), acteur=SYSTEM)
            outcomes.append("made")
        except BusinessError as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["made", "slug-taken"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"currency": "FCFA"}, "currency"),
        ({"time_zone": "Afrique/Douala"}, "time_zone"),
        ({"kind": "banque"}, "kind"),
        ({"environment": "demo"}, "environment"),
        ({"country": "CMR"}, "country"),
        ({"name": ""}, "name"),
        ({"contact_email": "pas une adresse"}, "contact_email"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_and_leaves_nothing(db, no_steps, values, field):
    with pytest.raises(BusinessError) as refusal:
        create_tenant(wanted=wanted(**values), acteur=SYSTEM)
    assert refusal.value.field == field
    assert not TenantRegistry.objects.exists()


def test_a_step_that_fails_leaves_nothing(db, no_steps):
    done = []
    provisioning.register_step("second", lambda *_: done.append("second") or 1 / 0, 20)
    provisioning.register_step("first", lambda *_: done.append("first"), 10)
    with pytest.raises(ZeroDivisionError):
        create_tenant(wanted=wanted(), acteur=SYSTEM)
    assert done == ["first", "second"], "by their order"
    assert not TenantRegistry.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from organisations_tenant")
        assert cursor.fetchone()[0] == 0


def test_steps_receive_the_tenant_the_actor_and_the_options(db, no_steps):
    received = []
    provisioning.register_step("one", lambda *given: received.append(given), 10)
    tenant = create_tenant(wanted=wanted(options={"caisses": 2}), acteur=SYSTEM)
    [(to, acteur, options)] = received
    assert (to, acteur, options.values) == (tenant, SYSTEM, {"caisses": 2})


# For life ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "assureur"),
        ("slug", "autre"),
        ("environment", "sandbox"),
        ("currency", "EUR"),
        ("country", "FR"),
        ("id", "0192f0c1-0000-7000-8000-000000000000"),
    ],
)
def test_what_a_tenant_is_for_life_does_not_change(tenant, column, value):
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(**{column: value})


def test_a_tenants_address_in_the_registry_does_not_change(tenant):
    with pytest.raises(IntegrityError, match="UPDATE refused"), transaction.atomic():
        TenantRegistry.objects.filter(pk=tenant.pk).update(slug="autre")


@pytest.mark.parametrize(("status", "is_active"), [("active", True), ("inactive", False), ("suspended", False)])
def test_the_registry_follows_the_tenant(tenant, status, is_active):
    """It is read before there is a scope: a suspended tenant must not stay open by it."""
    tenant.status, tenant.time_zone, tenant.name = status, "Africa/Abidjan", "Autre nom"
    tenant.save()
    registered = TenantRegistry.objects.get(pk=tenant.pk)
    assert (registered.is_active, registered.time_zone) == (is_active, "Africa/Abidjan")


@pytest.mark.parametrize(
    "change",
    ["is_active = false", "time_zone = 'UTC'", "is_active = not is_active where slug = 'saint-luc'"],
)
def test_no_tenant_closes_another_or_itself_by_the_registry(committed_tenant, change):
    """The registry has no row security: its rows follow their tenant's, which only its own scope can change."""
    make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.pk)])
        with pytest.raises(errors.CheckViolation) as refusal:
            sql.execute(f"update socle_tenantregistry set {change}")
    assert refusal.value.diag.constraint_name == "organisations_registry_repeats"
    assert "sa propre fiche" in str(message_of("organisations_registry_repeats").message)
    assert TenantRegistry.objects.filter(is_active=True, time_zone="Africa/Douala").count() == 2


def test_a_tenant_closes_itself_on_its_own_row_and_locks_the_registrys(committed_tenant):
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.pk)])
        lock = "select 1 from socle_tenantregistry where tenant_id = %s for no key update"
        assert sql.execute(lock, [committed_tenant.pk]).fetchone() == (1,)
        sql.execute("update organisations_tenant set status = 'suspended'")
        sql.commit()
    assert not TenantRegistry.objects.get(pk=committed_tenant.pk).is_active


# The command ---------------------------------------------------------------------------


def test_creer_tenant_makes_one_that_can_work_at_once(db, capsys, client):
    call_command("creer_tenant", "--genre=hopital", "--nom=Hôpital Sainte-Odile", "--slug=sainte-odile")
    said = capsys.readouterr().out
    assert "/sainte-odile/" in said
    assert "admin@sainte-odile" in said
    password = re.search(r"Mot de passe.*: (\S+)", said)
    assert password is not None
    user = User.objects.get(username="admin@sainte-odile")
    assert user.check_password(password[1])
    with scope(TenantRegistry.objects.get(slug="sainte-odile").tenant_id):
        assert Membership.objects.get(user=user).role.name == "administrateur"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--slug=Odile", "--genre=hopital"), "minuscules"),
        (("--slug=admin", "--genre=hopital"), "réservée"),
        (("--slug=odile", "--genre=hopital", "--devise=FCFA"), "Devise inconnue"),
        (("--slug=odile", "--genre=hopital", "--administrateur=deux mots"), "identifiant"),
        (("--slug=odile", "--genre=banque"), "banque"),
    ],
)
def test_creer_tenant_refuses_in_one_sentence_and_leaves_nothing(db, no_steps, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("creer_tenant", "--nom=Odile", *arguments)
    assert not TenantRegistry.objects.exists()
    assert not User.objects.exists()


def test_two_tenants_of_the_same_name_may_live_together(db, no_steps):
    assert make_tenant(slug="un").name == make_tenant(slug="deux").name
