"""What the apps above show of a patient: sections of the patient's page, and what one may do from it.

Hospital imports none of them; they register here from `AppConfig.ready()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.hospital.models import Patient
from apps.organisations.dashboard import Block
from apps.organisations.requests import StaffRequest
from apps.socle.errors import Text

Faire = Callable[[StaffRequest, Patient], Block | None]


@dataclass(frozen=True)
class Section:
    """A section's maker (None: nothing to show), the permission that opens it, and its place."""

    faire: Faire
    permission: str
    order: int


@dataclass(frozen=True)
class Action:
    """Something to do for a patient: its word, its address, the permission that opens it, and its place.

    The first that a member may take is the page's one filled button.
    """

    label: Text
    adresse: Callable[[Patient], str]
    permission: str
    order: int


@dataclass(frozen=True)
class Lien:
    """An action as the template shows it."""

    label: str
    url: str


_sections: dict[str, Section] = {}
_actions: dict[str, Action] = {}


def register_section(name: str, section: Section) -> None:
    """Add a section to the patient's page (invoices, stays…)."""
    _sections[name] = section


def register_action(name: str, action: Action) -> None:
    """Add an action to the patient's page (invoice, admit…)."""
    _actions[name] = action


def sections_de(request: StaffRequest, patient: Patient) -> list[Block]:
    """Return the sections of `patient` that this member may see, in order."""
    permises = (s for s in sorted(_sections.values(), key=lambda s: s.order) if request.user.has_perm(s.permission))
    return [bloc for section in permises if (bloc := section.faire(request, patient)) is not None]


def actions_de(request: StaffRequest, patient: Patient) -> list[Lien]:
    """Return what this member may do for `patient`, in order."""
    permises = (a for a in sorted(_actions.values(), key=lambda a: a.order) if request.user.has_perm(a.permission))
    return [Lien(str(action.label), action.adresse(patient)) for action in permises]
