"""One database behind three logins: the runtime reads and writes, the owner migrates."""

from __future__ import annotations

from typing import Any


class OneDatabase:
    """Everything goes to `default`, and migrations run wherever they are asked to."""

    def db_for_read(self, model: type, **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: type, **hints: Any) -> str:
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True
