"""The language of what is written: a document keeps it, whatever the screen of its author speaks.

Screens are French or English, as the person chose. What a command stores (labels of entries and
movements, a receipt's snapshot, the rounding line of an invoice) is signed, printed and read by
others: it is in the house's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation


@contextmanager
def document_language() -> Iterator[None]:
    """Speak the house's language, `settings.LANGUAGE_CODE`; a context manager, and a decorator of functions.

    `translation.override` as a decorator keeps the language to come back to on one shared object:
    two threads would exchange theirs. This one is made anew at each call.
    """
    with translation.override(settings.LANGUAGE_CODE):
        yield
