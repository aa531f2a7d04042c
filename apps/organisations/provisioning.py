"""What a new tenant needs from the apps above: each registers a step in `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.organisations.models import Tenant
from apps.socle.actors import Acteur

Step = Callable[[Tenant, Acteur, "Options"], None]


@dataclass(frozen=True)
class Options:
    """What `creer_tenant` was told beyond the tenant itself."""

    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisteredStep:
    """A step and its place among the others."""

    name: str
    function: Step
    order: int


_steps: dict[str, RegisteredStep] = {}


def register_step(name: str, function: Step, order: int) -> None:
    """Add a step; steps run by `order`, in the transaction that makes the tenant."""
    _steps[name] = RegisteredStep(name, function, order)


def steps() -> tuple[RegisteredStep, ...]:
    """Return the steps in the order in which they run."""
    return tuple(sorted(_steps.values(), key=lambda step: (step.order, step.name)))
