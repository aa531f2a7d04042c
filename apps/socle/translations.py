"""What the screens say, and what of it the catalogues translate. Babel reads and writes: no gettext tools.

The source is French. A catalogue is `locale/<language>/LC_MESSAGES/django.po`, written by people, and the
`django.mo` beside it, which Django reads; both are committed. `manage.py actualiser_traductions` brings
them in line with the source; `tests/test_locale.py` fails when they are not.

French has a catalogue of its own, written by that command alone: the sentences that count something, as the
source says them. Without it Django would count them as English does, and say « 0 factures ». It also
holds the few words that Django's own French says badly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

SOURCES = {"apps": ("*.py",), "config": ("*.py",), "templates": ("*.html", "*.txt")}
LEFT_OUT = frozenset({"tests", "migrations"})
# Which arguments of a call are words; "c" is the context.
ONE, SEVERAL = None, (1, 2)
IN_CONTEXT, SEVERAL_IN_CONTEXT = ((1, "c"), 2), ((1, "c"), 2, 3)
KEYWORDS: Mapping[str, Any] = {
    **dict.fromkeys(("_", "_t", "gettext", "gettext_lazy", "gettext_noop"), ONE),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), SEVERAL),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), IN_CONTEXT),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), SEVERAL_IN_CONTEXT),
}
# What Django and allauth say in French otherwise than a person would, or than the house does (one word for one thing:
# « adresse électronique », « codes de secours »), by what they say in English.
FRENCH_OF_DJANGO: Mapping[str, str] = {
    "A new set of Two-Factor Authentication recovery codes has been generated.": "De nouveaux codes de secours ont été créés.",
    "A new set of recovery codes has been generated.": "De nouveaux codes de secours ont été créés.",
    "Change": "Modifier",
    "Email": "Adresse électronique",
    "Email address": "Adresse électronique",
    "New Recovery Codes Generated": "Nouveaux codes de secours",
    "None available": "Aucune",
    "Password Reset Email": "Choisir un nouveau mot de passe",
    "Recovery Codes": "Codes de secours",
    "Recovery codes": "Codes de secours",
    "The email address and/or password you specified are not correct.": "L’adresse électronique ou le mot de passe est incorrect.",
    "You cannot generate recovery codes without having two-factor authentication enabled.": "Activez d’abord le second facteur : les codes de secours le remplacent.",
    "email address": "adresse électronique",
}
# Nobody needs to know at which minute a catalogue was written, and two branches would differ by it.
EPOCH = datetime(2026, 11, 20, tzinfo=UTC)


def sources(root: Path | None = None) -> Iterator[Path]:
    """Yield the files that may say something to a person, in the order of their names."""
    base = root or settings.BASE_DIR
    for folder, patterns in SOURCES.items():
        found = {path for pattern in patterns for path in (base / folder).rglob(pattern)}
        yield from sorted(path for path in found if not LEFT_OUT.intersection(path.relative_to(base).parts))


def as_python(path: Path) -> bytes:
    """Return a file as Python that Babel can read: a template's tags become calls, one line for one line.

    The parentheses around a template's keep its indentation from being Python's.
    """
    text = path.read_text(encoding="utf-8")
    return (text if path.suffix == ".py" else f"({templatize(text, origin=str(path))}\n)").encode()


def source_catalogue(root: Path | None = None) -> Catalog:
    """Return every message of the source, with the files that say it, nothing translated."""
    base = root or settings.BASE_DIR
    found = Catalog(charset="utf-8", creation_date=EPOCH)
    for path in sources(base):
        place = path.relative_to(base).as_posix()
        options = {"encoding": "utf-8"}
        for line, message, _notes, context in extract(
            "python", BytesIO(as_python(path)), keywords=KEYWORDS, options=options
        ):
            found.add(message, locations=[(place, line)], context=context)
    return found


def catalogue_folder(language: str) -> Path:
    """Return the folder of a language's catalogue."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"


def read_catalogue(language: str) -> Catalog:
    """Return what people wrote. Raises FileNotFoundError for a language without a catalogue."""
    with (catalogue_folder(language) / "django.po").open("rb") as written:
        return read_po(written, locale=language)


def update(language: str) -> tuple[list[str], list[str]]:
    """Bring `language` in line with the source and compile it; return (what has no translation yet, what is dropped).

    Nothing is guessed: a new sentence that resembles another stays empty until somebody writes it.
    """
    catalogue = read_catalogue(language)
    before = {key_of(message) for message in catalogue if message.id}
    source = source_catalogue()
    catalogue.update(source, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    after = {key_of(message) for message in catalogue if message.id}
    write(catalogue, language)
    return [key[1] for key in sorted(map(key_of, untranslated(catalogue)))], [key[1] for key in sorted(before - after)]


def update_source_language() -> None:
    """Write the catalogue of the source's own language: what counts something, under that language's rule for 0."""
    language = settings.LANGUAGE_CODE
    catalogue = Catalog(
        locale=language,
        header_comment="# Written by `manage.py actualiser_traductions`: change the source, not this file.",
        project="Cauris",
        version="1",
        msgid_bugs_address="aide@cauris.example",
        last_translator="Cauris",
        language_team="Cauris",
        creation_date=EPOCH,
        revision_date=EPOCH,
        charset="utf-8",
        fuzzy=False,
    )
    for message in source_catalogue():
        if message.pluralizable:
            catalogue.add(message.id, texts(message.id), locations=message.locations, context=message.context)
    for english, said in FRENCH_OF_DJANGO.items():
        catalogue.add(english, said)
    write(catalogue, language)


def write(catalogue: Catalog, language: str) -> None:
    """Write and compile a catalogue, by alphabet: the same content gives the same bytes, and moved code none."""
    folder = catalogue_folder(language)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "django.po").open("wb") as written:
        write_po(written, catalogue, width=0, sort_output=True, include_lineno=False)
    for message in untranslated(catalogue):
        message.string = ""  # left out of what Django reads: French is shown, not an empty place
    with (folder / "django.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)


def texts(value: Any) -> tuple[str, ...]:
    """Return a message, or its translation, as its forms: singular first."""
    return tuple(value) if isinstance(value, list | tuple) else (value or "",)


def key_of(message: Any) -> tuple[str, str]:
    """Return what makes a message itself: (context, singular)."""
    return message.context or "", texts(message.id)[0]


def untranslated(catalogue: Catalog) -> list[Any]:
    """Return the messages of which a form is empty or only guessed (fuzzy)."""
    return [m for m in catalogue if m.id and (m.fuzzy or not all(texts(m.string)) or not m.string)]
