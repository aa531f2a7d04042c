"""Who acts. Every command takes an `acteur`; every history and audit row names it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The kinds of actor; `takeover` brings a paper past into the books and is always shown as such."""

    USER = "user"
    SYSTEM = "system"
    PARTNER = "partner"
    TAKEOVER = "takeover"


@dataclass(frozen=True)
class Acteur:
    """The acting person or process.

    `id` is the user's, or None for the system. `role` is the membership's role at the time.
    `ip` and `user_agent` are personal data: they reach the chain only as salted commitments.
    """

    kind: ActorKind
    id: uuid.UUID | None
    label: str
    role: str = ""
    ip: str | None = None
    user_agent: str | None = None

    @property
    def is_takeover(self) -> bool:
        return self.kind is ActorKind.TAKEOVER

    @property
    def is_person(self) -> bool:
        return self.kind is ActorKind.USER


SYSTEM = Acteur(kind=ActorKind.SYSTEM, id=None, label="Système")


def takeover_actor(name: str) -> Acteur:
    """Return the actor that takes over a paper till; it alone may give a past business date."""
    return Acteur(kind=ActorKind.TAKEOVER, id=None, label=f"Reprise : {name}")
