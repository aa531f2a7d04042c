"""Refusals: French for the person, a stable code for the program, from a rule or from a constraint."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from apps.organisations.models import User
from apps.organisations.tests.factories import make_user
from apps.socle import errors
from apps.socle.errors import (
    BusinessError,
    Conflict,
    NotAllowed,
    _automatic_name,
    constraint_name,
    declare_constraint,
    from_integrity_error,
    message_of,
)
from apps.socle.models import TenantRegistry


def test_a_refusal_speaks_to_a_person_a_program_and_a_form():
    error = BusinessError("Il manque 700 FCFA.", code="amount-short", field="montant")
    assert (str(error), error.code, error.field, error.status) == (
        "Il manque 700 FCFA.",
        "amount-short",
        "montant",
        422,
    )
    assert (NotAllowed("Non.", code="x").status, Conflict("Non.", code="x").status) == (403, 409)


def test_a_refusal_is_worded_when_it_is_read():
    error = BusinessError(_("Cette personne est déjà membre ici."), code="x")
    with translation.override("fr"):
        assert str(error) == "Cette personne est déjà membre ici."


def test_a_name_is_declared_once(monkeypatch):
    monkeypatch.setattr(errors, "_declared", {})
    declare_constraint("essai", "Non.", "refused")
    declare_constraint("essai", "Non.", "refused")
    with pytest.raises(ValueError, match="declared twice"):
        declare_constraint("essai", "Non.", "other")
    assert message_of("essai").code == "refused"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ('{"day": "20/11/2026"}', "Le 20/11/2026 est clos."),
        ('{"hour": "10:42"}', "Clos."),
        ("Failing row contains (…).", "Clos."),
        ('"20/11/2026"', "Clos."),
        (None, "Clos."),
    ],
)
def test_a_trigger_names_what_it_met_in_its_detail(monkeypatch, detail, said):
    monkeypatch.setattr(errors, "_declared", {})
    declare_constraint("essai", "Clos.", "closed", named="Le %(day)s est clos.")
    assert str(message_of("essai").with_detail(detail)) == said


def test_an_unknown_constraint_says_nothing():
    assert message_of("inconnue") is None
    assert constraint_name(IntegrityError("without a cause")) == ""
    assert from_integrity_error(IntegrityError("without a cause")) is None


def refusal_of(write) -> BusinessError | None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        write()
    return from_integrity_error(refused.value)


def test_a_unique_column_says_which(tenant):
    """PostgreSQL names the constraint of a column declared unique; Django words it."""
    user = make_user(tenant)
    said = refusal_of(lambda: User.objects.create_user(user.username, first_name="A", last_name="B"))
    assert said is not None
    assert (said.field, said.code) == ("username", "already-taken")
    with translation.override("fr"):
        assert "existe déjà" in str(said)
        assert "dentifiant" in str(said)


def test_a_unique_address_of_a_tenant_says_so(tenant):
    said = refusal_of(
        lambda: TenantRegistry.objects.create(
            tenant_id="0192f0c1-0000-7000-8000-000000000000", slug=tenant.slug, time_zone="UTC"
        )
    )
    assert said is not None
    assert said.field == "slug"


def test_a_models_constraint_says_its_sentence(tenant):
    make_user(tenant, email="amina@exemple.cm")
    said = refusal_of(
        lambda: User.objects.create_user("autre", email="amina@exemple.cm", first_name="A", last_name="B")
    )
    assert said is not None
    assert str(said) == "Cette adresse a déjà un compte."


@pytest.mark.parametrize(
    ("table", "column", "suffix", "name"),
    [
        ("organisations_user", "username", "key", "organisations_user_username_key"),
        ("socle_counter", "year", "check", "socle_counter_year_check"),
        # PostgreSQL cuts the longer of both until all of it fits 63 characters.
        ("t" * 50, "c" * 20, "key", "t" * 38 + "_" + "c" * 20 + "_key"),
        ("t" * 40, "c" * 40, "check", "t" * 28 + "_" + "c" * 28 + "_check"),
    ],
)
def test_the_name_that_postgresql_gives(table, column, suffix, name):
    assert _automatic_name(table, column, suffix) == name
    assert len(name) <= 63
