"""The administration's log: in its house, without the name of anybody."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.organisations.models import Tenant, Tiers
from apps.organisations.tests.factories import make_tiers, make_user
from apps.socle.scope import scope
from apps.socle.screens.readonly_admin import HouseAdmin

pytestmark = pytest.mark.database


@pytest.fixture
def administrator(tenant: Tenant, settings: SimpleNamespace) -> Client:
    settings.SECOND_FACTOR = "optional"
    client = Client()
    client.force_login(make_user(tenant, "administrateur"))
    return client


def add_service(client: Client, slug: str, name: str = "Pédiatrie") -> None:
    answer = client.post(f"/{slug}/admin/hospital/service/add/", {"code": "PEDX", "nom": name, "actif": "on"})
    assert answer.status_code == 302


def tenants_of_log() -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from django_admin_log")
        return [row[0] for row in cursor.fetchall()]


def test_an_entry_carries_its_tenant_and_the_kind_and_key_of_the_row(tenant: Tenant, administrator: Client) -> None:
    add_service(administrator, tenant.slug)
    entry = LogEntry.objects.get()
    assert tenants_of_log() == [tenant.pk]
    assert entry.object_repr == f"Service {entry.object_id}"
    assert json.loads(entry.change_message) == [{"added": {}}]


def test_a_change_names_its_fields_and_no_value(tenant: Tenant, administrator: Client) -> None:
    add_service(administrator, tenant.slug)
    key = LogEntry.objects.get().object_id
    answer = administrator.post(
        f"/{tenant.slug}/admin/hospital/service/{key}/change/", {"code": "PEDX", "nom": "Petite enfance", "actif": "on"}
    )
    assert answer.status_code == 302
    entry = LogEntry.objects.order_by("pk").last()
    assert entry.is_change()
    assert json.loads(entry.change_message) == [{"changed": {"fields": ["Nom"]}}]
    assert "enfance" not in entry.object_repr + entry.change_message


def test_another_house_does_not_see_it(tenant: Tenant, autre_tenant: Tenant, administrator: Client) -> None:
    add_service(administrator, tenant.slug)
    key = LogEntry.objects.get().object_id
    with scope(autre_tenant.pk):
        assert not LogEntry.objects.exists()
    assert key in administrator.get(f"/{tenant.slug}/admin/").content.decode(), "recent actions of this house"


def test_recent_actions_are_those_of_the_house_one_stands_in(
    tenant: Tenant, autre_tenant: Tenant, settings: SimpleNamespace
) -> None:
    from apps.organisations.services.create_user import grant_membership
    from apps.socle.actors import SYSTEM

    settings.SECOND_FACTOR = "optional"
    accountant = make_user(tenant, "comptable", email="rose@cabinet.example")
    with scope(autre_tenant.pk):
        grant_membership(tenant=autre_tenant, user=accountant, role="administrateur", acteur=SYSTEM)
    client = Client()
    client.force_login(accountant)
    add_service(client, autre_tenant.slug)
    with scope(autre_tenant.pk):
        key = LogEntry.objects.get().object_id
    assert key in client.get(f"/{autre_tenant.slug}/admin/").content.decode()
    assert key not in client.get(f"/{tenant.slug}/admin/").content.decode()


def test_nobody_s_name_reaches_the_log(tenant: Tenant) -> None:
    patient = make_tiers(tenant, nom="Mbarga Nkoulou Solange", type=Tiers.Type.PATIENT)
    request = SimpleNamespace(user=make_user(tenant, "administrateur"))
    pages = HouseAdmin(Tiers, admin.site)
    entry = pages.log_addition(request, patient, [{"added": {}}])
    pages.log_change(request, patient, [{"changed": {"fields": ["Nom"]}}])
    pages.log_deletions(request, [patient])
    assert entry.object_repr == f"Tiers {patient.pk}"
    assert LogEntry.objects.count() == 3
    assert not LogEntry.objects.filter(object_repr__icontains="mbarga").exists()


def test_the_rows_of_an_inline_are_not_named(tenant: Tenant) -> None:
    form = SimpleNamespace(changed_data=["nom"], fields={"nom": SimpleNamespace(label="Nom")})
    patient = make_tiers(tenant, nom="Mbarga")
    formset = SimpleNamespace(new_objects=[patient], changed_objects=[], deleted_objects=[])
    message = HouseAdmin(Tiers, admin.site).construct_change_message(None, form, [formset])
    assert message == [{"changed": {"fields": ["Nom"]}}]


def test_an_entry_without_a_tenant_is_refused(tenant: Tenant) -> None:
    user = make_user(tenant, "administrateur")
    with scope(None), pytest.raises(DatabaseError), transaction.atomic():
        LogEntry.objects.create(user=user, object_repr="x", action_flag=1)


@pytest.mark.parametrize("statement", ["update django_admin_log set object_repr = 'x'", "delete from django_admin_log"])
def test_an_entry_stays_as_it_was_written(tenant: Tenant, administrator: Client, statement: str) -> None:
    add_service(administrator, tenant.slug)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_page_of_the_administration_logs_like_this() -> None:
    others = [
        f"{m._meta.label}: {type(a).__name__}" for m, a in admin.site._registry.items() if not isinstance(a, HouseAdmin)
    ]
    assert not others, "let it extend HouseAdmin, ScopedAdmin or ReadOnlyAdmin"
