"""Nothing of a tenant is read or written without saying whose, in Python and in PostgreSQL."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Count

from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_tenant, make_tiers
from apps.socle.scope import ScopeMissing, scope

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
