"""How a state looks: a disc that fills as the document advances, and always its word.

Each app keeps its own states; what is declared here is only their look. An app with a state
that is not below calls `declare_state` from its `ready()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LOOKS: Final = frozenset({"brouillon", "attente", "validee", "partielle", "payee", "rejetee", "annulee", "neutre"})


@dataclass(frozen=True)
class StateLook:
    """The CSS class of a state and the word it is shown with."""

    look: str
    label: str | Promise


STATES: dict[str, StateLook] = {}


def declare_state(code: str, look: str, label: str | Promise) -> None:
    """Give the state `code` a look among `LOOKS` and a French word. Raises ValueError for another look."""
    if look not in LOOKS:
        raise ValueError(f"unknown look {look!r} for the state {code!r}")
    STATES[code] = StateLook(look, label)


def state_look(code: str) -> StateLook:
    """Return the look of `code`; an undeclared state is neutral and shown with its own code."""
    return STATES.get(code) or StateLook("neutre", code.replace("_", " ").capitalize())


for _code, _look, _label in (
    ("BROUILLON", "brouillon", _("Brouillon")),
    ("EN_ATTENTE", "attente", _("En attente")),
    ("A_VALIDER", "attente", _("À valider")),
    ("VALIDEE", "validee", _("Validée")),
    ("EMISE", "validee", _("Émise")),
    ("PAYEE_PARTIELLEMENT", "partielle", _("Payée en partie")),
    ("PAYEE", "payee", _("Payée")),
    ("REJETEE", "rejetee", _("Rejetée")),
    ("ANNULEE", "annulee", _("Annulée")),
    ("OUVERTE", "payee", pgettext_lazy("session de caisse, période", "Ouverte")),
    ("FERMEE", "neutre", pgettext_lazy("session de caisse, période", "Fermée")),
    ("CLOSE", "neutre", pgettext_lazy("période comptable", "Close")),
    # The invoice engine speaks English.
    ("draft", "brouillon", _("Brouillon")),
    ("issued", "validee", _("Émise")),
    ("unpaid", "attente", _("À payer")),
    ("partial", "partielle", _("Payée en partie")),
    ("partially_paid", "partielle", _("Payée en partie")),
    ("complete", "payee", _("Payée")),
    ("paid", "payee", _("Payée")),
    ("cancelled", "annulee", _("Annulée")),
):
    declare_state(_code, _look, _label)
