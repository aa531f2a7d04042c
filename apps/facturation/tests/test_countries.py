"""A tenant is made only where the law of taxes is known: anywhere else its every sale would be refused."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from apps.facturation.provisioning import country_name
from apps.facturation.tests.factories import make_invoice
from apps.organisations.models import User
from apps.organisations.services.create_tenant import TenantToCreate, create_tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.errors import BusinessError, from_integrity_error
from apps.socle.models import TenantRegistry

pytestmark = pytest.mark.database


@pytest.mark.parametrize("country", ["FR", "GA", "TD", "XX", "cm", ""])
def test_a_country_without_a_rule_is_refused_before_anything_is_made(db, country):
    wanted = TenantToCreate(kind="hopital", name="Ailleurs", slug="ailleurs", country=country)
    with pytest.raises(BusinessError) as refusal:
        create_tenant(wanted=wanted, acteur=SYSTEM)
    assert refusal.value.field == "country"
    assert not TenantRegistry.objects.exists()


def test_creer_tenant_names_the_countries_that_it_knows(db):
    order = ["--genre=assureur", "--nom=Ailleurs", "--slug=ailleurs", "--pays=GA"]
    with pytest.raises(CommandError) as refusal:
        call_command("creer_tenant", *order)
    assert str(refusal.value) == (
        "Aucune règle de TVA n’est connue pour « GA » : un établissement s’ouvre dans"
        " Côte d’Ivoire (CI), Cameroun (CM), Sénégal (SN)."
    )
    assert not TenantRegistry.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize(("country", "currency"), [("CM", "XAF"), ("CI", "XOF"), ("SN", "XOF")])
def test_where_it_is_known_the_tenant_sells(db, country, currency):
    tenant = make_tenant(slug="ici", country=country, currency=currency, time_zone="Africa/Abidjan")
    assert make_invoice(tenant).total_ttc > 0


def test_sql_makes_no_tenant_elsewhere(tenant):
    """The row of a known tenant, copied to another country."""
    copied = "insert into organisations_tenant select (jsonb_populate_record(t, %s)).* from organisations_tenant t"
    change = '{"id": "0192f0c1-0000-7000-8000-000000000000", "slug": "ailleurs", "country": "GA"}'
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copied, [change])
    said = from_integrity_error(refusal.value)
    assert said is not None
    assert said.code == "country-unknown"


def test_countries_are_named_in_the_readers_language():
    with translation.override("en"):
        assert country_name("CM") == "Cameroon"
    with translation.override("fr"):
        assert (country_name("CI"), country_name("ZZZ")) == ("Côte d’Ivoire", "ZZZ")
