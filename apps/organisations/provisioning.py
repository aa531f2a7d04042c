"""What a new tenant needs from the apps above: each registers a step, or a requirement, in `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.organisations.models import Tenant
from apps.socle.actors import Acteur

Step = Callable[[Tenant, Acteur, "Options"], None]
Requirement = Callable[[Tenant], None]


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
_requirements: dict[str, Requirement] = {}


def register_requirement(name: str, function: Requirement) -> None:
    """Add what a tenant must fulfil before anything of it is made: the function raises BusinessError."""
    _requirements[name] = function


def require(tenant: Tenant) -> None:
    """Ask every requirement of `tenant`, which is not stored yet. Raises BusinessError."""
    for name in sorted(_requirements):
        _requirements[name](tenant)


def register_step(name: str, function: Step, order: int) -> None:
    """Add a step; steps run by `order`, in the transaction that makes the tenant."""
    _steps[name] = RegisteredStep(name, function, order)


def steps() -> tuple[RegisteredStep, ...]:
    """Return the steps in the order in which they run."""
    return tuple(sorted(_steps.values(), key=lambda step: (step.order, step.name)))
