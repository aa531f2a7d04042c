"""Key, amount and currency: the columns that every table shares, and the check that ties the last two."""

from __future__ import annotations

import time
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models
from psycopg import errors

from apps.organisations import provisioning
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant
from apps.socle.errors import message_of
from apps.socle.fields import CurrencyField, MoneyField, UUID7Field, finite_check, uuid7
from apps.socle.installer import house_models
from apps.socle.money import currencies_by_decimals, decimals
from apps.socle.scope import scope
from tests.support.database import connect_as

# An amount without a currency beside it: its line's document has it (spec: history rows).
IN_THE_CURRENCY_OF_THEIR_DOCUMENT = {"facturation.InvoiceHistory", "comptabilite.HistoriqueFactureCaisse"}
# Sums of exact amounts, kept by triggers or for a list.
SUMS = {"comptabilite.TotalCompte", "comptabilite.ImputationEnAttente"}


def test_keys_are_version_7_and_follow_the_time():
    first = uuid7()
    time.sleep(0.002)
    second = uuid7()
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first < second
    assert len({uuid7() for _ in range(1000)}) == 1000


def test_every_key_of_ours_is_one():
    others = {"socle.TenantRegistry", "socle.InstalledProtection"}
    wrong = [
        m._meta.label
        for m in house_models()
        if not m._meta.auto_created and m._meta.label not in others and not isinstance(m._meta.pk, UUID7Field)
    ]
    assert wrong == []


@pytest.mark.parametrize("field", [UUID7Field(), MoneyField(), CurrencyField()], ids=lambda f: type(f).__name__)
def test_a_column_is_made_again_from_what_a_migration_keeps(field):
    _name, _path, arguments, options = field.deconstruct()
    assert "max_digits" not in options
    assert "max_length" not in options
    assert type(field)(*arguments, **options).deconstruct() == field.deconstruct()


def test_an_amount_is_numeric_20_4():
    assert MoneyField().db_type(connection) == "numeric(20, 4)"
    assert CurrencyField().db_type(connection) == "varchar(3)"


def test_no_amount_is_a_float_or_a_numeric_of_its_own():
    money = ("montant", "amount", "prix", "price", "total", "solde", "balance")
    wrong = [
        f"{m._meta.label}.{f.name}"
        for m in house_models()
        for f in m._meta.local_fields
        if isinstance(f, models.FloatField)
        or (isinstance(f, models.DecimalField) and not isinstance(f, MoneyField) and f.name.startswith(money))
    ]
    assert wrong == []


def test_every_amount_has_its_currency_beside_it_and_the_check_that_ties_them():
    unchecked = []
    for model in house_models():
        amounts = [f.name for f in model._meta.local_fields if isinstance(f, MoneyField)]
        currencies = [f.name for f in model._meta.local_fields if isinstance(f, CurrencyField)]
        checks = [c for c in model._meta.constraints if getattr(c, "violation_error_code", "") == "amount-too-fine"]
        if amounts and not (currencies and checks):
            unchecked.append(model._meta.label)
    assert sorted(unchecked) == sorted(IN_THE_CURRENCY_OF_THEIR_DOCUMENT | SUMS)


def test_the_check_knows_the_decimals_that_money_knows():
    by_decimals = currencies_by_decimals()
    assert "XAF" in by_decimals[0]
    assert "TND" in by_decimals[3]
    assert 2 not in by_decimals, "the usual number is what is left"
    assert all(decimals(code) == number for number, codes in by_decimals.items() for code in codes)


@pytest.mark.database
@pytest.mark.parametrize(
    ("currency", "amount", "fits"),
    [
        ("XAF", "5", True),
        ("XAF", "0.5", False),
        ("XAF", "-5", False),
        ("EUR", "0.05", True),
        ("EUR", "0.005", False),
        ("TND", "0.005", True),
        ("TND", "0.0005", False),
    ],
)
def test_postgresql_refuses_an_amount_finer_than_its_currency(db, monkeypatch, currency, amount, fits):
    """Told of a tenant's rounding step for cash; below zero it would round nothing."""
    monkeypatch.setattr(provisioning, "_steps", {})
    tenant = make_tenant(currency=currency)

    def write() -> int:
        with scope(tenant.pk):
            return Tenant.objects.filter(pk=tenant.pk).update(cash_rounding=Decimal(amount))

    if fits:
        assert write() == 1
    else:
        with pytest.raises(IntegrityError, match="organisations_tenant_"):
            write()


# Numbers ---------------------------------------------------------------------------------

DECIMALS = [f for m in house_models() for f in m._meta.local_concrete_fields if isinstance(f, models.DecimalField)]


@pytest.mark.database
def test_every_decimal_column_refuses_what_is_no_number(specimens):
    """The check as it stands in the catalogue, on a bare copy of its column: NaN passes every other rule."""
    assert sum(isinstance(field, MoneyField) for field in DECIMALS) > 40
    with connect_as("owner") as sql:
        for field in DECIMALS:
            table, (name, _condition) = field.model._meta.db_table, finite_check(field)
            found = sql.execute(
                "select pg_get_constraintdef(oid), convalidated from pg_constraint where conrelid = %s::regclass and conname = %s",
                [table, name],
            ).fetchone()
            assert found is not None, f"{field} has no check"
            assert found[1], f"{field}: its rows were never asked"
            with sql.transaction(force_rollback=True):
                sql.execute(f'create temp table bare as select "{field.column}" from {table} with no data')
                sql.execute(f'alter table bare add constraint "{name}" {found[0]}')
                sql.execute("insert into bare values (0), (1.5), (-1.5), (null)")
                for spelling in ("NaN", "Infinity", "-Infinity"):
                    with pytest.raises((errors.CheckViolation, errors.NumericValueOutOfRange)), sql.transaction():
                        sql.execute("insert into bare values (%s)", [spelling])
                with pytest.raises(errors.CheckViolation) as refusal, sql.transaction():
                    sql.execute("insert into bare values ('NaN')")
            assert refusal.value.diag.constraint_name == name
            assert message_of(name).code == "not-a-number"


@pytest.mark.database
@pytest.mark.parametrize(
    "change",
    [
        "update organisations_tenant set cash_rounding = 'NaN'",
        "update facturation_invoice set amount_paid = 'NaN', paid_status = 'partial'",
        "update comptabilite_sessioncaisse set statut = 'FERMEE', fermee_le = now(), attendu = 'NaN', compte = 'NaN', ecart = 'NaN', motif_ecart = 'x'",
    ],
)
def test_the_runtime_stores_no_amount_that_is_no_number(specimens, change):
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(specimens.tenant.pk)])
        with pytest.raises(errors.CheckViolation) as refusal:
            sql.execute(change)
    assert refusal.value.diag.constraint_name.endswith("_finite")


@pytest.mark.parametrize("spelling", ["NaN", "Infinity", "-Infinity"])
def test_python_stores_none_either(spelling):
    with pytest.raises(ValidationError):
        MoneyField().to_python(spelling)
    with pytest.raises(ValidationError):
        MoneyField().get_db_prep_save(Decimal(spelling), connection)
