"""What a person did wrong, said in French, with a code that a program can read.

A rule stands twice: as a sentence here and as a constraint in PostgreSQL. When the second
speaks first (a race, a hand-written query), its name is looked up and becomes the sentence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import IntegrityError, models
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from apps.socle.fields import finite_check

Text = str | Promise


class BusinessError(Exception):
    """A command refused; nothing was written.

    `message` is French, for the person; `code` is stable English kebab-case, for the API;
    `field` is the name of the input it stands beside, or None.
    """

    status = 422

    def __init__(self, message: Text, *, code: str, field: str | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(BusinessError):
    """The acting user may not do this."""

    status = 403


class Conflict(BusinessError):
    """Somebody else was quicker, or the same key came with another body."""

    status = 409


@dataclass(frozen=True)
class ConstraintMessage:
    """What a constraint of the database says to a person.

    `named` is the same sentence with `%(name)s` in it, for a trigger that RAISEs what it met as a JSON object in DETAIL.
    """

    message: Text
    code: str
    field: str | None = None
    named: Text | None = None

    def with_detail(self, detail: str | None) -> Text:
        """Return the sentence that names what the trigger met, or the plain one where it does not say."""
        if self.named is None:
            return self.message
        try:
            met = json.loads(detail or "")
            str(self.named) % met  # what it does not say is found now, not when the sentence is read
        except (ValueError, KeyError, TypeError):
            return self.message
        return lazy(lambda: str(self.named) % met, str)()


_declared: dict[str, ConstraintMessage] = {}


def declare_constraint(
    name: str, message: Text, code: str, field: str | None = None, *, named: Text | None = None
) -> None:
    """Give the constraint or trigger `name` its French sentence. Called from `AppConfig.ready()`.

    `named`, where the trigger's DETAIL is a JSON object, is filled with it: who, which day, which period.
    """
    if name in _declared and _declared[name].code != code:
        raise ValueError(f"constraint {name} is declared twice")
    _declared[name] = ConstraintMessage(message, code, field, named)


@cache
def _of_models() -> dict[str, ConstraintMessage]:
    """Collect what the models' constraints and fields say, each said in the reader's language."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            code = getattr(constraint, "violation_error_code", None) or constraint.name.replace("_", "-")
            found[constraint.name] = ConstraintMessage(lazy(constraint.get_violation_error_message, str)(), code)
        for field in model._meta.local_concrete_fields:
            found.update(_of_field(model, field))
    return found


def _of_field(model: type[models.Model], field: models.Field) -> dict[str, ConstraintMessage]:
    """Return what the constraints say that no model declares: unique columns, positive numbers, decimals."""
    found, table = {}, model._meta.db_table
    if field.unique and not field.primary_key:
        taken = lazy(lambda: model().unique_error_message(model, (field.name,)).messages[0], str)()
        found[_automatic_name(table, field.column, "key")] = ConstraintMessage(taken, "already-taken", field.name)
    if field.get_internal_type().startswith("Positive"):
        negative = ConstraintMessage(_("Une valeur négative n’est pas permise."), "negative-value", field.name)
        found[_automatic_name(table, field.column, "check")] = negative
    if isinstance(field, models.DecimalField):
        found[finite_check(field)[0]] = ConstraintMessage(_("Ceci n’est pas un nombre."), "not-a-number", field.name)
    return found


def _automatic_name(table: str, column: str, suffix: str) -> str:
    """Return the name that PostgreSQL gives a constraint written beside its column (makeObjectName)."""
    room = 63 - len(suffix) - 2
    while len(table) + len(column) > room:
        if len(table) > len(column):
            table = table[:-1]
        else:
            column = column[:-1]
    return f"{table}_{column}_{suffix}"


def message_of(constraint: str) -> ConstraintMessage | None:
    """Return what `constraint` says, or None when nobody declared it."""
    return _declared.get(constraint) or _of_models().get(constraint)


def constraint_name(error: IntegrityError) -> str:
    """Return the name of the constraint that PostgreSQL reported, or an empty string."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def from_integrity_error(error: IntegrityError) -> BusinessError | None:
    """Turn a refusal of the database into a sentence; None when the constraint is unknown.

    An unknown constraint is a defect of ours, not of the person: the caller lets it rise.
    """
    said = message_of(constraint_name(error))
    if said is None:
        return None
    detail = getattr(getattr(error.__cause__, "diag", None), "message_detail", None)
    return BusinessError(said.with_detail(detail), code=said.code, field=said.field)


declare_constraint(
    "socle_immutable", _("Ce document est émis : il ne peut plus être modifié ni supprimé."), "document-issued"
)
declare_constraint(
    "socle_transition", _("Cette étape n’est plus possible : l’état du document a changé."), "transition-refused"
)
declare_constraint("socle_fact_required", _("Un document émis doit porter son fait comptable."), "fact-required")
declare_constraint("socle_number_given", _("Ce numéro n’a pas été donné par son compteur."), "number-made-up")
declare_constraint("socle_counter_step", _("La numérotation ne peut qu’avancer de un."), "number-gap")
declare_constraint(
    "socle_number_carried", _("Un numéro ne se prend qu’avec le document qui le porte."), "number-unused"
)
declare_constraint(
    "socle_number_year",
    _("Une année dont la suivante a ses numéros n’en donne plus, sauf à une reprise : vérifiez l’horloge du serveur."),
    "clock-set-back",
)
