"""One database behind three logins: the runtime reads and writes, the owner migrates."""

from __future__ import annotations

from typing import Any


class OneDatabase:
    """Everything goes to `default`, and migrations run wherever they are asked to."""

    def db_for_read(self, model: type, **hints: Any) -> str:
        return _connection_of(hints)

    def db_for_write(self, model: type, **hints: Any) -> str:
        return _connection_of(hints)

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True


def _connection_of(hints: dict[str, Any]) -> str:
    """Return the connection that the instance at hand came through, so that a migrate's rows stay the owner's."""
    instance = hints.get("instance")
    return (instance._state.db if instance is not None else None) or "default"
