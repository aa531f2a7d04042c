"""Nothing of a tenant is read or written without saying whose, in Python and in PostgreSQL."""

from __future__ import annotations

import threading

import pytest
from django import forms
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Count

from apps.organisations.models import Tenant, Tiers
from apps.organisations.tests.factories import make_tenant, make_tiers
from apps.socle.installer import house_models, row_security_of
from apps.socle.scope import ScopedManager, ScopeMissing, current_scope, scope

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "query",
    [
        lambda: list(Tiers.objects.all()),
        lambda: Tiers.objects.exists(),
        lambda: Tiers.objects.count(),
        lambda: Tiers.objects.first(),
        lambda: Tiers.objects.update(nom="x"),
        lambda: Tiers.objects.all().delete(),
        lambda: Tiers.objects.values_list("nom", flat=True).get(),
        lambda: Tiers.objects.aggregate(n=Count("id")),
    ],
)
def test_query_without_scope_is_refused(db, query):
    with pytest.raises(ScopeMissing):
        query()


def test_each_tenant_sees_its_own(tenant, autre_tenant):
    make_tiers(tenant, code="A")
    make_tiers(autre_tenant, code="B")
    assert list(Tiers.objects.values_list("code", flat=True)) == ["A"]
    with scope(autre_tenant.id):
        assert list(Tiers.objects.values_list("code", flat=True)) == ["B"]
    assert list(Tiers.objects.values_list("code", flat=True)) == ["A"], "the former scope returns"


def test_raw_sql_sees_only_the_scope(tenant, autre_tenant):
    make_tiers(autre_tenant, code="B")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from organisations_tiers")
        assert cursor.fetchone()[0] == 0


def test_a_queryset_written_early_takes_the_scope_of_its_evaluation(db):
    early = Tiers.objects.order_by("code")
    for slug in ("un", "deux"):
        tenant = make_tenant(slug=slug, name=slug)
        make_tiers(tenant, code=slug)
        with scope(tenant.id):
            assert [t.code for t in early.all()] == [slug]


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('cauris.tenant', true)")
        return cursor.fetchone()[0] or ""


def test_a_scope_tells_postgresql_and_takes_it_back(db):
    """Inside a longer transaction too: raw SQL that follows must not see the last tenant."""
    first, second = make_tenant(slug="un", name="Un"), make_tenant(slug="deux", name="Deux")
    assert setting() == ""
    with scope(first.id):
        assert setting() == str(first.id)
        with scope(second.id):
            assert (current_scope(), setting()) == (second.id, str(second.id))
        assert (current_scope(), setting()) == (first.id, str(first.id))
    assert (current_scope(), setting()) == (None, "")


@pytest.mark.parametrize("error", [ZeroDivisionError, IntegrityError])
def test_a_scope_left_by_an_exception_returns_to_the_former_one_and_lets_it_rise(tenant, autre_tenant, error):
    """A failed statement aborts the transaction: what went wrong must not be hidden by a second failure."""

    def write_and_fail() -> None:
        make_tiers(autre_tenant, code="A")
        if error is ZeroDivisionError:
            raise error
        Tiers.objects.create(code="A", nom="deux fois", type="patient")

    with pytest.raises(error), scope(autre_tenant.id):
        write_and_fail()
    assert (current_scope(), setting()) == (tenant.id, str(tenant.id))
    with scope(autre_tenant.id):
        assert not Tiers.objects.exists(), "a scope is a transaction: what was written before the error is gone"


@pytest.mark.django_db(transaction=True)
def test_a_scope_is_one_transaction(committed_tenant):
    def write_and_fail() -> None:
        make_tiers(committed_tenant, code="A")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), scope(committed_tenant.id):
        write_and_fail()
    with scope(committed_tenant.id):
        assert not Tiers.objects.exists()
        assert connection.in_atomic_block
    assert not connection.in_atomic_block
    assert setting() == "", "the setting ends with the transaction"


def test_the_scope_of_one_thread_is_not_another_s(tenant):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(current_scope()))
    thread.start()
    thread.join()
    assert seen == [None]
    assert current_scope() == tenant.id


def test_a_form_or_admin_may_name_the_manager_at_import(tenant, autre_tenant):
    """What a form offers, and what it accepts when forged, are the tenant's own."""
    mine, theirs = make_tiers(tenant, code="A"), make_tiers(autre_tenant, code="B")
    field = forms.ModelChoiceField(queryset=Tiers.objects.all())
    assert [label for _value, label in field.choices][1:] == [str(mine)]
    assert field.clean(str(mine.pk)) == mine
    with pytest.raises(forms.ValidationError):
        field.clean(str(theirs.pk))


def test_a_row_saved_without_saying_whose_belongs_to_the_scope(tenant):
    made = Tiers(code="A", nom="A", type="patient")
    made.save()
    assert made.tenant_id == tenant.id


def test_a_row_cannot_be_saved_without_a_scope(db):
    with pytest.raises(ScopeMissing):
        Tiers(code="A", nom="A", type="patient").save()


def test_a_row_of_another_tenant_is_neither_saved_nor_moved(tenant, autre_tenant):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Tiers(tenant=autre_tenant, code="A", nom="A", type="patient").save()
    mine = make_tiers(tenant, code="A")
    mine.tenant = autre_tenant
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        mine.save()


def test_a_tenant_itself_is_read_in_its_scope_only(tenant, autre_tenant):
    assert list(Tenant.objects.all()) == [tenant]
    with scope(autre_tenant.id):
        assert list(Tenant.objects.all()) == [autre_tenant]


def test_tenants_are_not_listed_without_a_scope(db):
    with pytest.raises(ScopeMissing):
        Tenant.objects.exists()


def test_the_default_manager_of_every_model_with_a_tenant_is_scoped():
    """The default manager serves the admin's filters, the choices of a key and related objects."""
    closed = [m for m in house_models() if row_security_of(m).kind != "open"]
    assert Tiers in closed
    assert [m._meta.label for m in closed if not isinstance(m._default_manager, ScopedManager)] == []
