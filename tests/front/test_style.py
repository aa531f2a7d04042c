"""The house style: its weight, its policy of no inline anything, its tokens."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from tests.front import catalogue
from tests.front.support import STATIC, TEMPLATES, name_of

FIRST_VISIT = (
    "bootstrap/css/bootstrap.min.css",
    "cauris/tokens.css",
    "cauris/cauris.css",
    "cauris/cauris.js",
    "cauris/favicon.svg",
    "django_htmx/htmx-2.min.js",
)
BUDGET = 120_000


# Weight -----------------------------------------------------------------------------------


def test_first_visit_weighs_less_than_the_budget() -> None:
    sizes = {name: len(gzip.compress(Path(str(finders.find(name))).read_bytes(), 9)) for name in FIRST_VISIT}
    page = len(gzip.compress(catalogue.render().encode(), 9))
    assert sum(sizes.values()) + page < BUDGET, sizes


def test_every_static_file_that_a_template_names_exists() -> None:
    named = {
        match for path in TEMPLATES for match in re.findall(r"""{% static ["']([^"']+)["']""", path.read_text("utf-8"))
    }
    assert {"cauris/cauris.css", "bootstrap/css/bootstrap.min.css"} <= named
    assert [name for name in named if not finders.find(name)] == []


# Policy: nothing inline ---------------------------------------------------------------------

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "an evaluated htmx attribute": re.compile(r"\bhx-on|\bhx-vals=[\"']js:", re.IGNORECASE),
}
PAPERS = "comptabilite/quittance_"  # drawn by WeasyPrint, never sent to a browser


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_holds_inline_style_or_script(path: Path) -> None:
    if name_of(path).startswith(PAPERS):
        return
    text = path.read_text(encoding="utf-8")
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("sample", ['<p style="x">', "<style>", '<a onclick="x">', "<script>x</script>"])
def test_the_scan_sees_what_it_looks_for(sample: str) -> None:
    assert any(pattern.search(sample) for pattern in INLINE.values())


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_template_compiles(path: Path) -> None:
    get_template(name_of(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_french_marks_are_typographic(path: Path) -> None:
    """Said words use ’ and «»; a thin or a hard space stands before the marks that want one."""
    said = re.findall(r'{% translate "([^"]+)"', path.read_text(encoding="utf-8"))
    assert [words for words in said if "'" in words or re.search(r" [?!;:»]|« ", words)] == []


# Tokens ---------------------------------------------------------------------------------------

DECLARATION = re.compile(r"(--[a-z0-9-]+)\s*:\s*([^;]+);")


def block(css: str, selector: str) -> dict[str, str]:
    """Return the variables declared in the first block that opens with `selector`."""
    start = css.index(selector)
    return dict(DECLARATION.findall(css[start : css.index("}", start)]))


def tokens() -> str:
    return (STATIC / "tokens.css").read_text(encoding="utf-8")


def test_auto_and_dark_are_the_same_values() -> None:
    dark, auto = block(tokens(), '[data-bs-theme="dark"]'), block(tokens(), '[data-bs-theme="auto"]')
    assert dark
    assert dark == auto


def test_light_and_dark_name_the_same_tokens() -> None:
    light = block(tokens(), ':root, [data-bs-theme="light"]')
    assert light.keys() == block(tokens(), '[data-bs-theme="dark"]').keys()


def test_every_admin_colour_is_a_token() -> None:
    admin = (STATIC / "admin.css").read_text(encoding="utf-8")
    mapped = block(admin, "body {")
    literal = {name: value for name, value in mapped.items() if not value.startswith("var(--")}
    assert set(literal) == {"--primary-fg", "--button-fg", "--object-tools-fg"}  # white on a filled button
    known = dict(DECLARATION.findall(tokens()))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", admin))
    assert used <= known.keys() | mapped.keys()
    assert not re.search(r"#[0-9a-f]{3,8}\b", re.sub(r"#fff\b|#[a-z_-]+[ .:,{]", "", admin))


def test_the_admin_maps_every_variable_of_django() -> None:
    base = Path(str(finders.find("admin/css/base.css"))).read_text(encoding="utf-8")
    wanted = set(block(base, ":root {").keys())
    assert wanted <= block((STATIC / "admin.css").read_text(encoding="utf-8"), "body {").keys()


def test_the_screens_use_only_declared_tokens() -> None:
    css = (STATIC / "cauris.css").read_text(encoding="utf-8")
    known = dict(DECLARATION.findall(tokens() + css))
    used = {name for name in re.findall(r"var\((--[a-z0-9-]+)\)", css) if not name.startswith("--bs-")}
    assert used
    assert used <= known.keys()


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [':root, [data-bs-theme="light"]', '[data-bs-theme="dark"]'])
def test_colours_can_be_read(theme: str) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for the edge of a control and for the focus ring."""
    token = {**block(tokens(), ':root, [data-bs-theme="light"]'), **block(tokens(), theme)}
    text = [("encre", "page"), ("encre", "nacre"), ("encre-2", "nacre"), ("encre-2", "sable"), ("encre-2", "page"), ("indigo", "nacre"),
            ("indigo", "voile"), ("vert", "vert-v"), ("ambre", "ambre-v"), ("brique", "brique-v"), ("brique", "nacre"),
            ("sur-barre", "barre"), ("encre", "voile"), ("encre-2", "survol")]  # fmt: skip
    assert {pair: c for pair in text if (c := contrast(token[f"--{pair[0]}"], token[f"--{pair[1]}"])) < 4.5} == {}
    filled = ["action", "action-2", "brique-p", "brique-p2", "gris-p", "gris-p2"]
    assert {name: c for name in filled if (c := contrast("#ffffff", token[f"--{name}"])) < 4.5} == {}
    edges = [("bord", "nacre"), ("bord", "page"), ("anneau", "nacre"), ("anneau", "page"), ("anneau-barre", "barre")]
    assert {pair: c for pair in edges if (c := contrast(token[f"--{pair[0]}"], token[f"--{pair[1]}"])) < 3} == {}
