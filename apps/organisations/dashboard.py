"""The home page is made of blocks, which the apps above register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.organisations.requests import StaffRequest


@dataclass(frozen=True)
class Block:
    """A block: its template and context; `redirect_to` when it is a job of its own (the till)."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    redirect_to: str = ""


@dataclass(frozen=True)
class RegisteredBlock:
    """A block's maker, the permission that opens it, and its place."""

    make: Callable[[StaffRequest], Block | None]
    permission: str
    order: int


_blocks: list[RegisteredBlock] = []


def register_block(make: Callable[[StaffRequest], Block | None], permission: str, order: int) -> None:
    """Add a block to the home page; `make` returns None on days without anything to say. Called from `ready()`."""
    _blocks.append(RegisteredBlock(make, permission, order))


def blocks_for(request: StaffRequest) -> list[Block]:
    """Return the blocks that this member may see, in order."""
    allowed = (b for b in sorted(_blocks, key=lambda b: b.order) if request.user.has_perm(b.permission))
    return [made for block in allowed if (made := block.make(request)) is not None]
