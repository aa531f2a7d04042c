"""What the tests of the house style share."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from django.http import HttpRequest
from django.template import Context, RequestContext, engines
from django.utils import translation

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "static" / "cauris"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


def draw(source: str, request: HttpRequest | None = None, **values: object) -> str:
    """Render a template from a string, in French, with the house's tags."""
    template = engines["django"].engine.from_string("{% load cauris %}" + source)
    with translation.override("fr"):
        return template.render(RequestContext(request, values) if request else Context(values))


class Outline(HTMLParser):
    """Collects what must be unique or must point somewhere, and checks that tags close."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "path", "rect", "line", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.headings: list[str] = []
        self.open: list[str] = []
        self.controls: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.references.update((values.get(name) or "").split())
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)
        if tag in {"input", "select", "textarea"} and values.get("type") != "hidden":
            self.controls.append(values)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"{tag} closes nothing"


def assert_house_page(html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    assert '<html lang="fr"' in html
    assert "cauris/tokens.css" in html
    assert outline.headings.count("h1") == 1
