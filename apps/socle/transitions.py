"""States and the steps between them: one table per aggregate.

The same table answers the service (may this step be taken, by whom, with what reason), the
screen (which buttons), the CheckConstraint (which words the column may hold) and the trigger
(which pairs an UPDATE may write).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.socle.actors import Acteur
from apps.socle.errors import BusinessError, Conflict, NotAllowed, Text

_UNSAID: Any = object()


@dataclass(frozen=True)
class Transition:
    """One step: from any of `origins` to `target`.

    `permission` is a Django codename with its app label, or empty. `second_person` refuses the
    person who issued the document. `reason_required` asks for words.
    """

    name: str
    origins: tuple[str, ...]
    target: str
    label: Text
    permission: str = ""
    reason_required: bool = False
    second_person: bool = False


@dataclass(frozen=True)
class TransitionTable:
    """The states of one column and the steps between them."""

    column: str
    initial: tuple[str, ...]
    transitions: tuple[Transition, ...]
    labels: dict[str, Text] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Transition:
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise KeyError(name)

    def states(self) -> tuple[str, ...]:
        """Return every state, in order of appearance."""
        found = dict.fromkeys(self.initial)
        for transition in self.transitions:
            found.update(dict.fromkeys((*transition.origins, transition.target)))
        return tuple(found)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the (origin, target) pairs that an UPDATE may write, sorted."""
        return tuple(sorted({(origin, t.target) for t in self.transitions for origin in t.origins}))

    def from_state(self, state: str) -> tuple[Transition, ...]:
        """Return the steps that leave `state`: what a screen offers."""
        return tuple(t for t in self.transitions if state in t.origins)

    def check_constraint(self, name: str) -> models.CheckConstraint:
        """Return the CheckConstraint that holds the column to these states."""
        return models.CheckConstraint(
            name=name,
            condition=models.Q(**{f"{self.column}__in": list(self.states())}),
            violation_error_message=_("Cet état n’existe pas."),
            violation_error_code="unknown-state",
        )

    def check(
        self,
        name: str,
        instance: Any,
        acteur: Acteur,
        *,
        reason: str | None = None,
        issuer_id: Any = _UNSAID,
        may: Callable[[str], bool] | None = None,
        already: Callable[[], Text] | None = None,
    ) -> Transition:
        """Return the step `name` if `acteur` may take it on `instance` now.

        `issuer_id` is the person who issued it (None: the system), which a step that wants a second
        person must be told; the takeover actor may do both sides. `may` answers for a permission.
        `already` words the refusal for the second of two people. Raises Conflict, NotAllowed or
        BusinessError, and TypeError when the issuer is not said.
        """
        transition = self[name]
        if transition.second_person and issuer_id is _UNSAID:
            raise TypeError(f"{name} wants a second person: say who issued the document")
        state = getattr(instance, self.column)
        if state not in transition.origins:
            message = (
                already() if already else _("Cette étape n’est plus possible : l’état est « %s ».") % self.label(state)
            )
            raise Conflict(message, code="transition-refused")
        if transition.permission and may is not None and not may(transition.permission):
            raise NotAllowed(_("Vous n’avez pas le droit de faire cela."), code="permission-denied")
        if transition.second_person and acteur.is_person and acteur.id == issuer_id:
            raise NotAllowed(
                _("Qui émet ne valide pas : une autre personne doit le faire."), code="second-person-required"
            )
        if transition.reason_required and not (reason or "").strip():
            raise BusinessError(_("Dites pourquoi : le motif est obligatoire."), code="reason-required", field="motif")
        return transition

    def label(self, state: str) -> str:
        return str(self.labels.get(state, state))


def choices(labels: dict[str, Text], states: Iterable[str]) -> list[tuple[str, Text]]:
    """Return Django choices for `states`, labelled."""
    return [(state, labels.get(state, state)) for state in states]
