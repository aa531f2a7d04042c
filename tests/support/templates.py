"""An undefined variable in one of our templates fails the test that renders it.

Third parties' templates (the admin's, allauth's) lean on undefined variables being empty, so
only templates of this repository are held to it.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from types import FrameType

from django.template.base import UNKNOWN_SOURCE, Node

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = ROOT / ".venv"


class UndefinedVariable(AssertionError):
    """A template of ours used a variable that its context does not hold."""


class FailOnUndefined(str):
    """Django asks `"%s" in string_if_invalid`, then formats it with the variable's name: here it fails."""

    __slots__ = ()

    def __contains__(self, text: object) -> bool:
        return text == "%s"

    def __mod__(self, variable: object) -> str:
        origin = _origin(inspect.currentframe())
        if origin is not None:
            raise UndefinedVariable(f"undefined template variable {variable!s} in {origin}")
        return ""

    def __bool__(self) -> bool:
        return True


def _origin(frame: FrameType | None) -> str | None:
    """Return the file and line of ours that is being rendered, None for a third party's."""
    while frame is not None:
        node = frame.f_locals.get("self")
        if frame.f_code.co_name == "render_annotated" and isinstance(node, Node) and getattr(node, "origin", None):
            name = node.origin.name
            if name == UNKNOWN_SOURCE:
                return f"a template from a string, line {node.token.lineno}"
            path = Path(name)
            ours = path.is_relative_to(ROOT) and not path.is_relative_to(INSTALLED)
            return f"{path.relative_to(ROOT)}, line {node.token.lineno}" if ours else None
        frame = frame.f_back
    return None
