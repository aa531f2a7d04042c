"""What is not finished when a period is closed: each app above says it, the closing lists it, nothing of it forbids.

The apps fill the registry in `AppConfig.ready()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.organisations.models import Tenant
from apps.socle.errors import Text


@dataclass(frozen=True)
class Unfinished:
    """Things of one kind that wait: how many, what they are called, and where to finish them.

    `url` is lazy: a command and a worker have no staff addresses. `only` says who alone can finish it, where the
    person who closes cannot: the address then only shows it.
    """

    kind: str
    label: Text
    count: int
    url: Text = ""
    only: Text = ""

    def as_json(self) -> dict[str, Any]:
        """Return what the closing keeps: an address does not outlive the screens."""
        return {"kind": self.kind, "label": str(self.label), "count": self.count}


Check = Callable[[Tenant, date, date], Iterable[Unfinished]]

_checks: dict[str, Check] = {}


def register_preclosing_check(name: str, function: Check) -> None:
    """Add a check: a function from the tenant in scope, the first and the last day. Called from `AppConfig.ready()`."""
    if _checks.get(name, function) is not function:
        raise ValueError(f"pre-closing check {name} is registered twice")
    _checks[name] = function


def unfinished(tenant: Tenant, start: date, end: date) -> list[Unfinished]:
    """Return what waits in the days from `start` to `end`, both included, by the names of the checks."""
    return [item for name in sorted(_checks) for item in _checks[name](tenant, start, end) if item.count]
