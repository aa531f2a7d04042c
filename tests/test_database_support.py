"""The machinery under the tests: who they are, and that one leaves nothing for the next."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction
from django.template import engines

from apps.organisations.models import Role, Tiers
from apps.organisations.tests.factories import make_tenant
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope
from tests.support.database import connect_as
from tests.support.templates import UndefinedVariable

pytestmark = pytest.mark.database


def query(statement: str) -> list[tuple]:
    with connect_as("maintenance") as maintenance:
        return maintenance.execute(statement).fetchall()


def test_a_test_has_the_rights_of_production_and_no_more(db):
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper or rolbypassrls or rolcreatedb from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False,)
        cursor.execute("select count(*) from pg_tables where tableowner = current_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_what_one_test_commits_the_next_does_not_find(turn):
    assert TenantRegistry.objects.count() == 0
    assert query("select count(*) from organisations_tiers") == [(0,)]
    tenant = make_tenant()
    with scope(tenant.id):
        Tiers.objects.create(code="A", nom="Ngo Bassa", type="patient")
    assert query("select count(*) from organisations_tiers") == [(1,)]


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_reference_rows_of_the_migrations_come_back(turn):
    names = sorted(Role.objects.values_list("name", flat=True))
    assert "caissier" in names
    permissions = query("select count(*) from organisations_role_permissions")[0][0]
    assert permissions > 0
    assert query("select count(*) from django_content_type where model like '%-essai'") == [(0,)]
    with connect_as("owner") as owner:
        owner.execute("update django_content_type set model = model || '-essai' where app_label = 'hospital'")
        owner.execute("delete from organisations_role_permissions")
    assert query("select count(*) from organisations_role_permissions") == [(0,)]


@pytest.mark.django_db(transaction=True)
def test_after_a_reset_truncate_is_refused_again():
    state = "select distinct tgenabled::text from pg_trigger where not tgisinternal and tgname like 'cauris_%'"
    assert query(state) == [("A",)]
    with connect_as("owner") as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("truncate socle_audittrail cascade")


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_a_test_left_open_is_rolled_back_before_the_reset():
    transaction.set_autocommit(False)
    make_tenant()
    transaction.rollback()
    transaction.set_autocommit(True)
    assert TenantRegistry.objects.count() == 0


@pytest.mark.parametrize("text", ["{{ zorglub }}", "{{ zorglub|default:'x' }}", "{% firstof a.b %}{{ a.b }}"])
def test_an_undefined_variable_fails(text):
    with pytest.raises(UndefinedVariable, match="undefined template variable"):
        engines["django"].from_string(text).render({"a": {}})


@pytest.mark.parametrize("text", ["{% if zorglub %}x{% endif %}", "{% for z in zorglub %}x{% endfor %}"])
def test_a_tag_that_asks_whether_it_is_there_does_not_fail(text):
    assert engines["django"].from_string(text).render() == ""


def test_a_third_party_s_template_may_lean_on_it():
    assert "<input" in engines["django"].get_template("django/forms/widgets/text.html").render()
