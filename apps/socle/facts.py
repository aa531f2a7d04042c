"""How the ledger, the third party's account and the chain hear of what happened.

A producer publishes one frozen fact; the subscribers run by name, in the order of
`settings.FACT_SUBSCRIBER_ORDER`, inside the producer's transaction. Where one refuses, nothing
is written anywhere. The producer imports none of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.urls import reverse

from apps.socle.actors import Acteur, ActorKind
from apps.socle.errors import Text
from apps.socle.language import document_language
from apps.socle.money import is_exact, plain
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import insert_later


class FactOutsideTransaction(RuntimeError):
    """A fact was published where no transaction could take it back."""


@dataclass(frozen=True)
class FactDeclaration:
    """A kind of fact: its roles, and what it is to the chain (`entry_type`, `legal_status`).

    `money` says that the ledger posts it; a fact that is not about money is chained only.
    `source` is the `app.Model` of the document it comes from. `totals` says what a role adds to in the
    closing of a day, in the words of `fiscal.totals.Measure`; a role that is not there adds to nothing.
    """

    type: str
    label: Text
    source: str
    entry_type: str
    legal_status: str
    roles: tuple[str, ...] = ()
    money: bool = True
    totals: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class FactLine:
    """One amount of a fact: its role, the criteria that rules may match, and its label."""

    role: str
    amount: Decimal
    label: str
    criteria: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FactToPublish:
    """A fact as its producer hands it over. `date` is the business date of the document."""

    type: str
    source: models.Model
    number: str
    date: date
    currency: str
    lines: tuple[FactLine, ...]
    acteur: Acteur
    key: str
    snapshot: Mapping[str, Any]
    tiers_id: uuid.UUID | None = None
    tiers_label: str = ""


@dataclass(frozen=True)
class PublishedFact:
    """A fact as its subscribers receive it."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    type: str
    declaration: FactDeclaration
    source_type: str
    source_id: uuid.UUID
    number: str
    date: date
    currency: str
    lines: tuple[FactLine, ...]
    tiers_id: uuid.UUID | None
    tiers_label: str
    acteur: Acteur
    snapshot: Mapping[str, Any]
    created_at: datetime

    @property
    def is_zero(self) -> bool:
        """A fact of zero is chained and never posted."""
        return not any(line.amount for line in self.lines)


@dataclass(frozen=True)
class Trace:
    """What a subscriber made of a fact, for a screen: its kind, its own label, and where to see it.

    `permission` is what the page at `url` asks for: whoever lacks it reads the label, and is led nowhere.
    """

    kind: Text
    label: str
    url: str
    permission: str
    detail: str = ""


Subscriber = Callable[[PublishedFact], None]
SourceLink = Callable[[uuid.UUID], tuple[str, str]]
Authority = Callable[[uuid.UUID], str]
Traces = Callable[[uuid.UUID], Iterable[Trace]]

_declarations: dict[str, FactDeclaration] = {}
_role_words: dict[str, Text] = {}
_criterion_words: dict[tuple[str, str], Text] = {}
_subscribers: dict[str, Subscriber] = {}
_source_links: dict[str, SourceLink] = {}
_source_urls: dict[str, str] = {}
_authorities: dict[str, Authority] = {}
_traces: dict[str, Traces] = {}


def declare_fact(declaration: FactDeclaration) -> None:
    """Register a kind of fact. Called from `AppConfig.ready()`."""
    known = _declarations.setdefault(declaration.type, declaration)
    if known != declaration:
        raise ValueError(f"fact {declaration.type} is declared twice")


def declarations() -> tuple[FactDeclaration, ...]:
    """Return every declared kind of fact, by type."""
    return tuple(_declarations[name] for name in sorted(_declarations))


def declaration_of(fact_type: str) -> FactDeclaration:
    """Return the declaration of `fact_type`. Raises KeyError."""
    return _declarations[fact_type]


def name_roles(words: Mapping[str, Text]) -> None:
    """Say how the roles that an app publishes are called on screens. Called from `AppConfig.ready()`."""
    _role_words.update(words)


def role_label(role: str) -> str:
    """Return what a role is called; one that nobody named is shown as it is written."""
    return str(_role_words.get(role, role.replace("_", " ")))


def name_criteria(criterion: str, words: Mapping[str, Text]) -> None:
    """Say how the values of a criterion (`moyen`) are called on screens. Called from `AppConfig.ready()`."""
    _criterion_words.update({(criterion, value): text for value, text in words.items()})


def criterion_label(criterion: str, value: str) -> str:
    """Return what a criterion's value is called; one that nobody named is shown as it is written."""
    return str(_criterion_words.get((criterion, value), value))


def subscribe(name: str, handler: Subscriber) -> None:
    """Register the subscriber `name`; it must stand in `settings.FACT_SUBSCRIBER_ORDER`."""
    if name not in settings.FACT_SUBSCRIBER_ORDER:
        raise ValueError(f"subscriber {name} has no place in FACT_SUBSCRIBER_ORDER")
    if _subscribers.get(name, handler) is not handler:
        raise ValueError(f"subscriber {name} is registered twice")
    _subscribers[name] = handler


def subscribers() -> Mapping[str, Subscriber]:
    """Return the registered subscribers by name, in the order in which they are called."""
    return {name: _subscribers[name] for name in settings.FACT_SUBSCRIBER_ORDER if name in _subscribers}


def register_source_link(source_type: str, link: SourceLink, url_name: str = "") -> None:
    """Say how to reach a document of `source_type`: a function from its id to (URL, label).

    `url_name` is its page's, whose one argument is the id: a list that knows the numbers of its
    documents then asks the database nothing for their addresses.
    """
    _source_links[source_type] = link
    if url_name:
        _source_urls[source_type] = url_name


def source_link(source_type: str, source_id: uuid.UUID) -> tuple[str, str] | None:
    """Return (URL, label) of a fact's document, or None when no app registered that kind."""
    link = _source_links.get(source_type)
    return link(source_id) if link else None


def source_url(source_type: str, source_id: uuid.UUID) -> str:
    """Return the address of a fact's document, or an empty text when no app registered that kind."""
    name = _source_urls.get(source_type)
    if name:
        return reverse(name, args=[source_id])
    found = source_link(source_type, source_id)
    return found[0] if found else ""


def register_authority(source_type: str, authority: Authority) -> None:
    """Say on whose word the system made documents of `source_type`: a function from the id to a phrase, empty where a person did."""
    _authorities[source_type] = authority


def authority_of(source_type: str, source_id: uuid.UUID) -> str:
    """Return under whose rule the system made a document, and for whom: it never decides by itself."""
    authority = _authorities.get(source_type)
    return authority(source_id) if authority else ""


def register_traces(subscriber: str, find: Traces) -> None:
    """Say what `subscriber` made of a fact: a function from the fact's id. Called from `AppConfig.ready()`."""
    if subscriber not in settings.FACT_SUBSCRIBER_ORDER:
        raise ValueError(f"subscriber {subscriber} has no place in FACT_SUBSCRIBER_ORDER")
    _traces[subscriber] = find


def traces(fact_id: uuid.UUID, subscriber: str | None = None) -> list[Trace]:
    """Return what each subscriber (or only the one named) made of the fact, in their order.

    Movement, entries, link of the chain.
    """
    names = (name for name in settings.FACT_SUBSCRIBER_ORDER if name in _traces and subscriber in {None, name})
    return [trace for name in names for trace in _traces[name](fact_id)]


def publish(fact: FactToPublish) -> PublishedFact:
    """Store `fact` and call its subscribers in order, all inside the caller's transaction.

    They write in the house's language, whatever the screen speaks. Raises FactOutsideTransaction, ScopeMissing, KeyError for an undeclared type and ValueError
    for a role that the declaration lacks, a negative amount or one that the currency cannot pay.
    """
    if not connection.in_atomic_block:
        raise FactOutsideTransaction(fact.type)
    tenant_id = require_scope()
    declaration = declaration_of(fact.type)
    _check_lines(fact, declaration)
    published = _store(fact, declaration, tenant_id)
    with document_language():  # what they store is read by others than the person at this screen
        for handler in subscribers().values():
            handler(published)
    return published


def _check_lines(fact: FactToPublish, declaration: FactDeclaration) -> None:
    for line in fact.lines:
        if line.role not in declaration.roles:
            raise ValueError(f"{fact.type} declares no role {line.role}")
        if not is_exact(line.amount, fact.currency) or line.amount < 0:
            raise ValueError(f"{fact.type}: {line.amount} {fact.currency} cannot be posted")
    if fact.source._meta.label != declaration.source:
        raise ValueError(f"{fact.type} comes from {declaration.source}, not {fact.source._meta.label}")


def _store(fact: FactToPublish, declaration: FactDeclaration, tenant_id: uuid.UUID) -> PublishedFact:
    from apps.socle.models import Fait

    row = Fait(
        tenant_id=tenant_id,
        type=fact.type,
        source_type=declaration.source,
        source_id=fact.source.pk,
        number=fact.number,
        date=fact.date,
        currency=fact.currency,
        lines=_lines_to_json(fact.lines),
        tiers_id=fact.tiers_id,
        tiers_label=fact.tiers_label,
        acteur_kind=fact.acteur.kind,
        acteur_id=fact.acteur.id,
        acteur_label=fact.acteur.label,
        key=fact.key,
        snapshot=dict(fact.snapshot),
    )
    insert_later(row)
    return _published(row, fact.acteur)


def _lines_to_json(lines: Iterable[FactLine]) -> list[dict[str, Any]]:
    return [
        {"role": line.role, "criteria": dict(line.criteria), "amount": plain(line.amount), "label": line.label}
        for line in lines
    ]


def _published(row: Any, acteur: Acteur) -> PublishedFact:
    return PublishedFact(
        id=row.id,
        tenant_id=row.tenant_id,
        type=row.type,
        declaration=declaration_of(row.type),
        source_type=row.source_type,
        source_id=row.source_id,
        number=row.number,
        date=row.date,
        currency=row.currency,
        lines=tuple(FactLine(x["role"], Decimal(x["amount"]), x["label"], x["criteria"]) for x in row.lines),
        tiers_id=row.tiers_id,
        tiers_label=row.tiers_label,
        acteur=acteur,
        snapshot=row.snapshot,
        created_at=row.created_at,
    )


def load(fact_id: uuid.UUID) -> PublishedFact:
    """Return a stored fact of the tenant in scope as its subscribers saw it. Raises Fait.DoesNotExist."""
    from apps.socle.models import Fait

    row = Fait.objects.get(pk=fact_id)
    return _published(row, Acteur(ActorKind(row.acteur_kind), row.acteur_id, row.acteur_label))
