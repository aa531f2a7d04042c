"""What may still change on a row, declared on its model and enforced by triggers.

The installer writes ENABLE ALWAYS triggers from these declarations; they refuse every other
change, every step outside the transition table, DELETE and TRUNCATE, for every role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.socle.transitions import TransitionTable

ALL = "*"


@dataclass(frozen=True)
class Protection:
    """The declaration.

    living: columns that may change in any state.
    living_by_state: further columns while the OLD row is in that state; ALL means every one.
    frozen: columns that never change, even where the state allows ALL; `id` and `tenant_id` always are.
    state, transitions: the state column and its table.
    deletable_states: states in which the row may still be deleted (drafts).
    runtime: what the runtime role may do: "insert-update" (default), "insert" or "select"
    (written by functions only).
    """

    living: tuple[str, ...] = ()
    living_by_state: Mapping[str, Iterable[str] | str] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    state: str | None = None
    transitions: TransitionTable | None = None
    deletable_states: tuple[str, ...] = ()
    runtime: str = "insert-update"

    def problems(self, columns: set[str]) -> list[str]:
        """Return what is wrong with the declaration for a table of `columns`, a sentence each."""
        states = set(self.transitions.states()) if self.transitions else None
        named = {*self.living_by_state, *self.deletable_states}
        found = [f"names unknown column {name}" for name in sorted(self._columns() - columns)]
        if (named or self.transitions) and not self.state:
            found.append("speaks of states and names no state column")
        if self.transitions and self.transitions.column != self.state:
            found.append(f"guards {self.state} with the steps of {self.transitions.column}")
        if states is not None:
            found += [f"names unknown state {name}" for name in sorted(named - states)]
            found += [
                f"declares a step out of {origin}, where {self.state} cannot change"
                for origin in sorted({origin for origin, _target in self.transitions.pairs()})
                if not self.may_change(self.state, origin)
            ]
        return found

    def may_change(self, column: str | None, state: str | None) -> bool:
        """Tell whether `column` of a row in `state` may change."""
        extra = self.living_by_state.get(state or "", ())
        return column not in {*self.frozen, "id", "tenant_id"} and (extra == ALL or column in {*self.living, *extra})

    def _columns(self) -> set[str]:
        by_state = {c for names in self.living_by_state.values() if not isinstance(names, str) for c in names}
        return {*self.living, *self.frozen, *by_state, *filter(None, [self.state])}

    def as_arguments(self) -> dict[str, Any]:
        """Return the declaration as the JSON that the trigger function reads."""
        return {
            "living": sorted(self.living),
            "by_state": {
                state: columns if isinstance(columns, str) else sorted(columns)
                for state, columns in sorted(self.living_by_state.items())
            },
            "frozen": sorted(self.frozen),
            "state": self.state or "",
            "pairs": [f"{origin}>{target}" for origin, target in self.transitions.pairs()] if self.transitions else [],
            "initial": sorted(self.transitions.initial) if self.transitions else [],
            "deletable": sorted(self.deletable_states),
        }
