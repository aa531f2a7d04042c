"""Facts: published once, inside the producer's transaction, heard in order, or nothing is written anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings as project
from django.db import transaction

from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_acteur, make_tiers
from apps.socle import facts
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.facts import (
    FactDeclaration,
    FactLine,
    FactOutsideTransaction,
    FactToPublish,
    PublishedFact,
    declaration_of,
    declarations,
    declare_fact,
    load,
    publish,
    register_source_link,
    source_link,
    subscribe,
    subscribers,
)
from apps.socle.fields import uuid7
from apps.socle.models import Fait
from apps.socle.scope import ScopeMissing, scope

DECLARATION = FactDeclaration(
    type="essai_regle",
    label="Essai réglé",
    source="organisations.Tiers",
    entry_type="payment",
    legal_status="donnee_fiscale",
    roles=("reglement", "creance_reglee"),
)


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """A registry of this file's own: what the apps declared is left as it is."""
    monkeypatch.setattr(facts, "_declarations", {})
    monkeypatch.setattr(facts, "_subscribers", {})
    monkeypatch.setattr(facts, "_source_links", {})
    declare_fact(DECLARATION)


def line(amount: str = "11500", role: str = "reglement", **criteria: str) -> FactLine:
    return FactLine(role, Decimal(amount), "Espèces", criteria)


def fact(source: Tiers, *lines: FactLine, acteur: Acteur = SYSTEM, **values) -> FactToPublish:
    defaults = {"key": f"essai:{source.pk}", "currency": "XAF", "type": "essai_regle"}
    return FactToPublish(
        source=source,
        number="ESSAI-2026-00001",
        date=date(2026, 11, 20),
        lines=lines or (line(),),
        acteur=acteur,
        snapshot={"total": "11500", "libelle": "Échographie"},
        **{**defaults, **values},
    )


# Stored and read back ------------------------------------------------------------------


def test_a_fact_is_stored_as_its_subscribers_receive_it(tenant):
    heard: list[PublishedFact] = []
    subscribe("fiscal", heard.append)
    acteur = make_acteur(tenant)
    source = make_tiers(tenant, nom="Mbarga")
    both = (line("11500.00", moyen="ESPECES", caisse="C1"), line("11500", "creance_reglee"))
    published = publish(fact(source, *both, acteur=acteur, tiers_id=source.pk, tiers_label="Mbarga"))
    assert heard == [published]
    assert (published.tenant_id, published.source_type, published.source_id) == (
        tenant.id,
        "organisations.Tiers",
        source.pk,
    )
    assert published.declaration is DECLARATION
    assert [(x.role, x.amount, dict(x.criteria)) for x in published.lines] == [
        ("reglement", Decimal("11500"), {"moyen": "ESPECES", "caisse": "C1"}),
        ("creance_reglee", Decimal("11500"), {}),
    ]
    row = Fait.objects.get(pk=published.id)
    assert row.lines[0]["amount"] == "11500", "amounts are strings, in one spelling"
    again = load(published.id)
    assert replace(again, acteur=published.acteur) == published
    assert (again.acteur.kind, again.acteur.id, again.acteur.label) == (acteur.kind, acteur.id, acteur.label)


def test_a_fact_belongs_to_the_tenant_in_scope(tenant, autre_tenant):
    published = publish(fact(make_tiers(tenant)))
    with scope(autre_tenant.id), pytest.raises(Fait.DoesNotExist):
        load(published.id)


# Refused -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused(committed_tenant):
    source = make_tiers(committed_tenant)
    with pytest.raises(FactOutsideTransaction):
        publish(fact(source))
    with scope(committed_tenant.id):
        assert not Fait.objects.filter(source_id=source.pk).exists()


def test_publishing_without_a_scope_is_refused(db):
    with transaction.atomic(), pytest.raises(ScopeMissing):
        publish(fact(Tiers(id=uuid7())))


@pytest.mark.parametrize(
    ("changes", "lines", "error", "said"),
    [
        ({"type": "inconnu"}, (line(),), KeyError, "inconnu"),
        ({}, (line(role="taxe"),), ValueError, "declares no role taxe"),
        ({}, (line("-1"),), ValueError, "cannot be posted"),
        ({}, (line("0.5"),), ValueError, "cannot be posted"),
        ({}, (line("NaN"),), ValueError, "cannot be posted"),
        ({}, (line("1E+16"),), ValueError, "cannot be posted"),
        ({}, (line("5"), line("0.5")), ValueError, "cannot be posted"),
        ({"currency": "FCFA"}, (line(),), ValueError, "FCFA"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_and_not_stored(tenant, changes, lines, error, said):
    source = make_tiers(tenant)
    with pytest.raises(error, match=said):
        publish(fact(source, *lines, **changes))
    assert not Fait.objects.filter(source_id=source.pk).exists()


def test_a_fact_comes_from_the_document_that_it_declares(tenant):
    with pytest.raises(ValueError, match=r"comes from organisations.Tiers, not organisations.Tenant"):
        publish(fact(tenant))


def test_cents_are_fine_where_the_currency_has_them(tenant):
    published = publish(fact(make_tiers(tenant), line("0.05"), currency="EUR"))
    assert published.lines[0].amount == Decimal("0.05")


@pytest.mark.parametrize(("amounts", "zero"), [(("0",), True), (("0", "0.0000"), True), (("0", "1"), False)])
def test_a_fact_of_zero_says_so(tenant, amounts, zero):
    """It is chained and never posted."""
    published = publish(fact(make_tiers(tenant), *(line(amount) for amount in amounts)))
    assert published.is_zero is zero


# Once ----------------------------------------------------------------------------------


@command
def publish_it(*, what: FactToPublish, acteur: Acteur) -> PublishedFact:
    return publish(what)


@pytest.mark.parametrize(
    ("other_key", "other_source", "said"),
    [
        (False, True, "Ce fait est déjà publié."),
        (True, False, "Ce document porte déjà ce fait."),
    ],
)
def test_a_key_and_a_document_bear_a_fact_once(tenant, other_key, other_source, said):
    source = make_tiers(tenant)
    first = fact(source)
    publish_it(what=first, acteur=SYSTEM)
    second = replace(
        first,
        source=make_tiers(tenant) if other_source else source,
        key="autre" if other_key else first.key,
    )
    with pytest.raises(BusinessError, match=said):
        publish_it(what=second, acteur=SYSTEM)
    assert Fait.objects.filter(type="essai_regle").count() == 1


def test_the_same_key_serves_another_tenant(tenant, autre_tenant):
    publish_it(what=fact(make_tiers(tenant), key="k"), acteur=SYSTEM)
    with scope(autre_tenant.id):
        publish_it(what=fact(make_tiers(autre_tenant), key="k"), acteur=SYSTEM)


# Subscribers ---------------------------------------------------------------------------


def test_subscribers_are_called_in_the_declared_order_whatever_the_order_of_registration(tenant):
    called = []
    for name in reversed(project.FACT_SUBSCRIBER_ORDER):
        subscribe(name, lambda _fact, name=name: called.append(name))
    publish(fact(make_tiers(tenant)))
    assert called == ["mouvements", "comptabilite", "fiscal"]
    assert list(subscribers()) == called


def test_what_a_subscriber_refuses_is_written_nowhere(tenant):
    """Neither the fact, nor what the subscribers before it wrote, nor the producer's own rows."""

    def write(published: PublishedFact) -> None:
        Tiers.objects.create(code="ECRIT", nom="par un abonné", type="patient")

    def refuse(published: PublishedFact) -> None:
        raise BusinessError("Période close.", code="period-closed")

    subscribe("mouvements", write)
    subscribe("comptabilite", refuse)

    @command
    def produce(*, acteur: Acteur) -> None:
        source = Tiers.objects.create(code="SOURCE", nom="document", type="patient")
        publish(fact(source))

    with pytest.raises(BusinessError, match="Période close"):
        produce(acteur=SYSTEM)
    assert not Fait.objects.filter(type="essai_regle").exists()
    assert not Tiers.objects.filter(code__in=["ECRIT", "SOURCE"]).exists()


def test_a_subscriber_has_a_place_in_the_order():
    with pytest.raises(ValueError, match="FACT_SUBSCRIBER_ORDER"):
        subscribe("inconnu", lambda _fact: None)


def test_a_subscriber_is_registered_once():
    def handler(published: PublishedFact) -> None: ...

    subscribe("fiscal", handler)
    subscribe("fiscal", handler)
    with pytest.raises(ValueError, match="twice"):
        subscribe("fiscal", lambda _fact: None)


# Declarations and links ----------------------------------------------------------------


def test_a_declaration_is_made_once_and_found():
    declare_fact(DECLARATION)
    with pytest.raises(ValueError, match="twice"):
        declare_fact(replace(DECLARATION, roles=("autre",)))
    assert declarations() == (DECLARATION,)
    assert declaration_of("essai_regle") is DECLARATION


def test_a_fact_leads_back_to_its_document():
    key = uuid7()
    assert source_link("organisations.Tiers", key) is None
    register_source_link("organisations.Tiers", lambda pk: (f"/tiers/{pk}/", "Mbarga"))
    assert source_link("organisations.Tiers", key) == (f"/tiers/{key}/", "Mbarga")
