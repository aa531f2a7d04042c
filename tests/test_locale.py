"""English: nothing said is left in French, nothing said is left unmarked, what is compiled is what is written."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from django.conf import settings
from django.template import Context, Template
from django.template.base import Lexer, TokenType
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext

from apps.socle import translations
from apps.socle.errors import BusinessError, message_of
from apps.socle.facts import _role_words, declarations, role_label
from apps.socle.language import document_language
from apps.socle.translations import KEYWORDS, catalogue_folder, key_of, read_catalogue, source_catalogue, texts

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [path for path in translations.sources() if path.suffix != ".py"]
CODE = [path for path in translations.sources() if path.suffix == ".py"]
LETTERS = re.compile(r"[^\W\d_]{2}")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def source() -> Catalog:
    return source_catalogue()


@pytest.fixture(scope="module")
def english() -> Catalog:
    return read_catalogue("en")


# The catalogue -------------------------------------------------------------------------------------


def test_every_message_of_the_source_has_its_english(source: Catalog, english: Catalog) -> None:
    """When this fails: `manage.py actualiser_traductions`, then write what it lists."""
    written = {key_of(m): m for m in english if m.id}
    said = {key_of(m): m for m in source if m.id}
    assert len(said) > 1000
    assert sorted(said.keys() - written.keys()) == []
    assert sorted(written.keys() - said.keys()) == []
    assert [key_of(m) for m in translations.untranslated(english)] == []
    assert [key for key, m in said.items() if len(texts(m.id)) != len(texts(written[key].id))] == []


def test_a_message_that_lacks_its_english_is_found(tmp_path: Path) -> None:
    """The extraction sees code and templates, in each of the ways in which they speak."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "apps" / "x" / "tests").mkdir(parents=True)
    (tmp_path / "templates" / "page.html").write_text(
        '<div>\n  {% if a %}\n {% translate "Un" %}{% endif %}{% vide _("Deux") texte=_("Trois") %}\n'
        "{% blocktranslate count n=n trimmed %}\n  {{ n }} quatre\n  {% plural %}{{ n }} quatres{% endblocktranslate %}"
        '{{ a|default:_("Cinq") }} {# l\'apostrophe #} {% translate "Six" context "dé" %}\n</div>',
        encoding="utf-8",
    )
    (tmp_path / "apps" / "x" / "code.py").write_text(
        'a = _("Sept")\nb = ngettext("%d huit", "%d huits", 8)\nc = pgettext_lazy("dé", "Neuf")\nd = _("Dix "\n "onze")',
        encoding="utf-8",
    )
    (tmp_path / "apps" / "x" / "tests" / "test_code.py").write_text('a = _("Douze")', encoding="utf-8")
    found = {(m.context, texts(m.id)) for m in source_catalogue(tmp_path) if m.id}
    assert found == {
        (None, ("Un",)),
        (None, ("Deux",)),
        (None, ("Trois",)),
        (None, ("%(n)s quatre", "%(n)s quatres")),
        (None, ("Cinq",)),
        ("dé", ("Six",)),
        (None, ("Sept",)),
        (None, ("%d huit", "%d huits")),
        ("dé", ("Neuf",)),
        (None, ("Dix onze",)),
    }


def placeholders(text: str) -> list[str]:
    """Return what is filled in at run time: `%s`, `%(name)s`, `{n}`."""
    braces = [f"{{{name}}}" for _text, name, _spec, _conv in string.Formatter().parse(text) if name]
    return sorted(re.findall(r"%(?:\(\w+\))?[sd]", text) + braces)


def test_placeholders_agree(english: Catalog) -> None:
    """Each form fills in what its French fills in; positional ones keep their order, which nothing can change."""
    wrong = {}
    for message in english:
        if message.id:
            for french, said in zip(texts(message.id), texts(message.string), strict=True):
                if placeholders(french) != placeholders(said) or re.findall(r"%[sd]", french) != re.findall(
                    r"%[sd]", said
                ):
                    wrong[french] = said
    assert wrong == {}


def test_english_keeps_its_own_typography(english: Catalog) -> None:
    """No guillemets, no space before a mark, no straight apostrophe; the same spaces and marks at both ends."""
    wrong = [
        said
        for message in english
        if message.id
        for french, said in zip(texts(message.id), texts(message.string), strict=True)
        if re.search("[«»]|\\w'\\w|[\u00a0\u202f ][!?;:](?!\\w)", said)
        or (
            (french[:1].isspace(), french[-1:].isspace()) != (said[:1].isspace(), said[-1:].isspace())
            and french.strip() not in {":"}
        )
        or french.endswith("…") != said.endswith("…")
        or (french.endswith(".") != said.endswith(".") and french != "exo.")  # an abbreviation
    ]
    assert wrong == []


def test_a_capital_answers_a_capital(english: Catalog) -> None:
    """A label begins as its French does: what is inside a sentence stays in small letters. Names and acronyms keep theirs."""
    differs = []
    for message in english:
        for french, said in zip(texts(message.id), texts(message.string), strict=True) if message.id else ():
            one, other = french.split(" ")[0], said.split(" ")[0]
            named = other in french.split() or any(word.isupper() and len(word) > 1 for word in (one, other))
            if one[:1].isalpha() and other[:1].isalpha() and not named and one[0].isupper() != other[0].isupper():
                differs.append((french, said))
    assert differs == []


def test_the_compiled_catalogue_is_the_written_one(english: Catalog) -> None:
    with (catalogue_folder("en") / "django.mo").open("rb") as file:
        # Babel leaves the contexts that it reads from a compiled catalogue as bytes.
        compiled = {(_text(m.context or ""), texts(m.id)[0]): texts(m.string) for m in read_mo(file) if m.id}
    assert compiled == {key_of(m): texts(m.string) for m in english if m.id}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_french_has_its_own_rule_for_zero_in_every_message_that_counts(source: Catalog) -> None:
    """When this fails: `manage.py actualiser_traductions`; nothing is written by hand there."""
    counting = {key_of(m): texts(m.id) for m in source if m.pluralizable}
    assert len(counting) > 30
    counting |= {("", english): (said,) for english, said in translations.FRENCH_OF_DJANGO.items()}
    french = read_catalogue("fr")
    assert (french.num_plurals, french.plural_expr) == (2, "(n > 1)")
    assert {key_of(m): texts(m.string) for m in french if m.id} == counting
    with (catalogue_folder("fr") / "django.mo").open("rb") as file:
        compiled = {(_text(m.context or ""), texts(m.id)[0]): texts(m.string) for m in read_mo(file) if m.id}
    assert compiled == counting


@pytest.mark.parametrize(("language", "zero"), [("fr", 0), ("en", 1)])
def test_zero_is_counted_as_each_language_counts_it(source: Catalog, language: str, zero: int) -> None:
    with translation.override(language):
        for message in source:
            if message.pluralizable:
                one, many = (ngettext(*message.id, n) for n in (1, 2))
                assert ngettext(*message.id, 0) == (one, many)[zero], message.id
                assert language == "en" or (one, many) == message.id
        page = Template(
            "{% load i18n %}{% blocktranslate count n=n trimmed %}{{ n }} quittance{% plural %}{{ n }} quittances{% endblocktranslate %}"
        )
        said = [page.render(Context({"n": n})) for n in (0, 1, 2)]
    assert (
        said
        == {
            "fr": ["0 quittance", "1 quittance", "2 quittances"],
            "en": ["0 receipts", "1 receipt", "2 receipts"],
        }[language]
    )


def test_django_speaks_it() -> None:
    with translation.override("en"):
        assert gettext("Quittance") == "Receipt"
    with translation.override("fr"):
        assert gettext("Quittance") == "Quittance"


# What is not marked: templates ---------------------------------------------------------------------

SPOKEN = frozenset({"title", "aria-label", "placeholder", "alt", "label", "data-touche-aide"})
NOT_WORDS = frozenset({"class", "classe", "id", "format", "touche"})
SYNTAX = frozenset(
    {"extends", "load", "url", "static", "statique", "icone", "touche", "now", "if", "elif", "block", "translate"}
)
# Names and signs that are the same in every language, and a language's name in itself.
SAME_EVERYWHERE = frozenset({"Cauris", "· Cauris", "English", "Français", "CSV", "NIU", "RCCM", "Alt+", "XLSX"})
# A receipt keeps the language of its day, French, and this word is drawn across the sheet.
OF_TEMPLATES = {"templates/comptabilite/quittance_a5.html": {"DUPLICATA"}}
# Classes: one that a screen gives by a block, one whose end a variable gives.
CLASSES = frozenset({"poste", "theme-"})


UNSPOKEN = {"style", "script", "pre"}
"""What a machine reads: a command to be typed is the same in every language."""


class Said(HTMLParser):
    """Collects what a page without its tags says: texts, and the attributes that are read or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.raw = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.raw += tag in UNSPOKEN
        given = dict(attrs)
        names = SPOKEN | ({"value"} if tag == "input" and given.get("type") in {"submit", "button", "reset"} else set())
        self.words += [value for name, value in attrs if name in names and value]

    def handle_endtag(self, tag: str) -> None:
        self.raw -= tag in UNSPOKEN

    def handle_data(self, data: str) -> None:
        if not self.raw:
            self.words.append(data)


def unmarked(template: str) -> list[str]:
    """Return what a template says without `translate`: its own text, and the texts that it hands to a tag or a filter."""
    outside, found, closing = [], [], ""
    for token in Lexer(template).tokenize():
        tag = token.contents.split()[0] if token.token_type == TokenType.BLOCK and token.contents.split() else ""
        if closing:
            closing = "" if tag == closing else closing
        elif tag in {"comment", "blocktranslate", "verbatim"}:
            closing = f"end{tag}"
        elif token.token_type == TokenType.TEXT:
            outside.append(token.contents)
        elif token.token_type == TokenType.VAR:
            found += [words for _name, words in literals(token.contents) if re.search(r"[^\W\d_]{3}", words)]
        elif tag and tag not in SYNTAX:
            found += [words for name, words in literals(token.contents) if name not in NOT_WORDS and is_prose(words)]
    page = Said()
    page.feed("".join(outside))
    page.close()
    spaced = [words.strip(" \n") for words in page.words if re.search("[\u00a0\u202f][:;!?»]|«[\u00a0\u202f]", words)]
    return found + [words.strip() for words in page.words if LETTERS.search(words)] + spaced


def literals(tag: str) -> Iterator[tuple[str, str]]:
    """Yield (argument's name or "", text) of each literal of a tag that is not within `_()`."""
    for match in re.finditer(r"(?:\b(\w+)=)?(_\()?(?:\"([^\"]*)\"|'([^']*)')", tag):
        if not match[2]:
            yield match[1] or "", match[3] or match[4] or ""


def is_prose(words: str) -> bool:
    """Tell a sentence or a label from a key, a class, a path or the name of a template."""
    return bool(re.search("[À-ÿœŒ’«»]|^[A-Z][a-z]+(?![\\w+])| \\w+ ", words))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_says_nothing_unmarked(path: Path) -> None:
    allowed = SAME_EVERYWHERE | CLASSES | OF_TEMPLATES.get(name_of(path), set())
    assert [words for words in unmarked(path.read_text(encoding="utf-8")) if words not in allowed] == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Bonjour</p>",
        '<p title="Bonjour le monde"></p>',
        '<input type="submit" value="Valider">',
        '{% vide "Aucune facture" %}',
        '{% vide _("Aucune") texte="Élargissez la recherche" %}',
        '{{ nom|default:"inconnu" }}',
        "{% if a %}{{ a }}{% else %}aucun{% endif %}",
        '{% translate "Motif" %}&nbsp;: {{ motif }}',
        '{% include "x.html" with titre="Les factures du jour" %}',
    ],
)
def test_the_scan_of_templates_sees(template: str) -> None:
    assert len(unmarked(template)) == 1


def test_the_scan_of_templates_hears_what_is_marked() -> None:
    page = (
        '{# note #}{% comment %}Une note{% endcomment %}<p class="grand titre">{% translate "Bonjour" %} {{ a|date:"d/m/Y" }}'
        '{% vide _("Aucune facture") classe="d-none d-md-block" %}{% blocktranslate %}Voici{% endblocktranslate %} · 1</p>'
        "<style>p { color: red }</style>"
    )
    assert unmarked(page) == []


# What is not marked: code --------------------------------------------------------------------------

AT_ONCE = frozenset({"gettext", "ngettext", "pgettext", "npgettext"})
WORDS_OF = frozenset(
    {"verbose_name", "verbose_name_plural", "help_text", "violation_error_message", "empty_label", "description"}
)
REFUSALS = frozenset({"BusinessError", "NotAllowed", "Conflict", "ValidationError", "RequestInProgress"})
FRENCH = re.compile(
    "[à-öø-ÿÀ-ÖØ-ÝœŒ’«»]|\\b(?:le|la|les|un|une|des|du|est|sont|pas|aux|cette|vous)\\b [a-z]", re.IGNORECASE
)
CONSOLE = ("/management/", "/launch/", "/demo/")  # what a shell says, French only
# French that is not for a screen of either language, by file, each with its reason.
KEPT_IN_FRENCH = {
    "apps/comptabilite/caisse/documents/lettres.py": "amounts in words, printed on receipts",
    "apps/comptabilite/caisse/documents/quittance.py": "the receipt, which keeps the language of its day",
    "apps/facturation/pricing.py": "the rounding line is written on invoices",
    "apps/hospital/choices.py": "the names of the first departments are data",
    "apps/fiscal/archive/contents.py": "the tables of an archive, which is read without the platform",
    "apps/fiscal/archive/verify.py": "goes along with archives, without the platform's catalogues",
    "apps/fiscal/health.py": "what a probe reads",
    "apps/socle/search.py": "apostrophes of names",
    "apps/socle/translations.py": "what the French catalogue says instead of Django's and allauth's",
    "apps/socle/redaction.py": "stored in the log of requests",
    "apps/socle/actors.py": "stored beside what the system and takeovers did",
    "apps/mouvements/choices.py": "words that the columns hold",
    "apps/mouvements/apps.py": "words that the columns hold",
    "config/settings.py": "a language's name in itself",
    "config/health.py": "what a probe reads",
    "config/views.py": "the page for when no page can be drawn",
}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def unsaid(tree: ast.Module) -> set[int]:
    """Return the nodes that nobody reads on a screen: docstrings, names of permissions (stored by migrate), logs."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            quiet |= {id(s.value) for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)}
        if isinstance(node, ast.Call) and (called(node) in {*KEYWORDS, "register_step"} or called(node) in LOGS):
            quiet |= {id(part) for argument in node.args for part in ast.walk(argument)}
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["permissions"]:
            quiet |= {id(part) for part in ast.walk(node.value)}
    return quiet


LOGS = frozenset({"debug", "warning", "exception", "RuntimeError", "TypeError", "ValueError", "LookupError"})


def unmarked_in_code(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the literals that look French, or stand where a screen's words stand, and are not marked."""
    quiet = unsaid(tree)
    words: list[ast.expr] = []
    for node in ast.walk(tree):
        if (isinstance(node, ast.keyword) and node.arg in WORDS_OF) or (
            isinstance(node, ast.Assign) and any(getattr(t, "id", "") in WORDS_OF for t in node.targets)
        ):
            words.append(node.value)
        elif isinstance(node, ast.Call) and called(node) in REFUSALS and node.args:
            words.append(node.args[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and FRENCH.search(node.value):
            words.append(node)
    for word in words:
        text = word.value if isinstance(word, ast.Constant) else ast.unparse(word)
        literal = isinstance(word, ast.JoinedStr) or (isinstance(word, ast.Constant) and isinstance(word.value, str))
        if literal and id(word) not in quiet and LETTERS.search(text):
            yield word.lineno, text


@pytest.mark.parametrize("path", [p for p in CODE if not any(part in name_of(p) for part in CONSOLE)], ids=name_of)
def test_code_says_nothing_unmarked(path: Path) -> None:
    found = [] if name_of(path) in KEPT_IN_FRENCH else list(unmarked_in_code(tree_of(path)))
    assert found == []


def test_what_is_kept_in_french_is_still_there() -> None:
    """A reason that no longer answers anything leaves the list."""
    assert [name for name in KEPT_IN_FRENCH if not list(unmarked_in_code(tree_of(ROOT / name)))] == []
    assert [name for name, words in OF_TEMPLATES.items() if not words <= set(unmarked((ROOT / name).read_text()))] == []


def said_at_import(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where a module decides on a language for good: while it is imported, nobody has chosen one."""
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in outside_functions(tree):
        if isinstance(node, ast.Call) and names.get(called(node)) in AT_ONCE:
            yield node.lineno
        if isinstance(node, ast.JoinedStr | ast.BinOp) or (
            isinstance(node, ast.Call) and called(node) in {"str", "format"}
        ):
            yield from (part.lineno for part in ast.walk(node) if isinstance(part, ast.Call) and called(part) in names)


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run on import: bodies of functions left out, their defaults and decorators kept."""
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from outside_functions(child)


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_module_speaks_while_it_is_imported(path: Path) -> None:
    assert list(said_at_import(tree_of(path))) == []


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ('from django.utils.translation import gettext as _\nA = _("Un")', 1),
        ('from django.utils.translation import gettext\nclass A:\n    b = {"x": gettext("Un")}', 1),
        ('from django.utils.translation import gettext_lazy as _\nA = _("%s un") % 1', 1),
        ('from django.utils.translation import gettext_lazy as _\nA = f"{_(1)} un"', 1),
        ('from django.utils.translation import gettext as _\ndef f(a=_("Un")):\n    return _("Deux")', 1),
        ('from django.utils.translation import gettext_lazy as _\nA = _("Un")\nB = lambda: _("Deux")', 0),
    ],
)
def test_the_scan_of_imports_sees(code: str, lines: int) -> None:
    assert len(list(said_at_import(ast.parse(code)))) == lines


@pytest.mark.parametrize(
    ("code", "texts_"),
    [
        ('x = Field(verbose_name="caisse")', ["caisse"]),
        ('raise BusinessError(f"Il manque {x}", code="a")', ["f'Il manque {x}'", "Il manque "][:1]),
        ('x = "déjà validée"', ["déjà validée"]),
        ('class Meta:\n    verbose_name_plural = "caisses"', ["caisses"]),
        ('x = _("déjà")', []),
        ('"""Docstring française."""\nlog.warning("déjà")', []),
    ],
)
def test_the_scan_of_code_sees(code: str, texts_: list[str]) -> None:
    assert [text for _line, text in unmarked_in_code(ast.parse(code))] == texts_


# What people read ----------------------------------------------------------------------------------


def test_a_constraint_speaks_the_language_of_whoever_meets_it() -> None:
    """The sentences of constraints are collected once for the life of the process, not their words."""

    def refusal() -> str:
        said = message_of("socle_fait_key")
        assert said is not None
        return str(BusinessError(said.message, code=said.code))

    with translation.override("fr"):
        assert refusal() == "Ce fait est déjà publié."
    with translation.override("en"):
        assert refusal() == "This fact is already published."


@pytest.mark.django_db
def test_the_door_speaks_english_to_who_asks(client: Any) -> None:
    client.post("/i18n/", {"language": "en", "next": "/compte/login/"})
    html = client.get("/compte/login/").content.decode()
    assert "Sign-in name" in html
    assert "Connexion" not in html


def test_documents_speak_the_house_language() -> None:
    label = gettext_lazy("Quittance")

    @document_language()
    def write() -> str:
        return str(label)

    with translation.override("en"):
        assert (str(label), write(), str(label)) == ("Receipt", "Quittance", "Receipt")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_day_stands_before_the_month(language: str) -> None:
    from django import forms
    from django.utils.formats import date_format, localize

    with translation.override(language):
        day = forms.DateField().clean("05/11/2026")
        assert (day.day, day.month) == (5, 11)
        assert date_format(day) == localize(day) == "05/11/2026"
        assert localize(1.5) == "1,5"


def test_each_role_of_a_fact_has_its_word() -> None:
    """The chain's screens and the ledger's show roles, which are code, to accountants of both languages."""
    roles = {role for declaration in declarations() for role in declaration.roles}
    assert len(roles) > 5
    assert sorted(roles - _role_words.keys()) == []
    with translation.override("en"):
        assert role_label("creance_reglee") == "receivable settled"
