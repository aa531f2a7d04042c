"""What people type as a name, before it is kept: composed, single-spaced, and without what nobody sees.

A control or a format character changes how the words beside it are read (U+202E turns a name round on every
paper), or makes two names that look the same. The same rule stands in PostgreSQL (`visible_words`).
"""

from __future__ import annotations

import re
import unicodedata

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.socle.errors import BusinessError

SPACES = re.compile(r"\s+")
HIDDEN_CHARACTERS = r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u180e\u2060-\u2069\ufeff\ufff9-\ufffb\U000E0000-\U000E007F]"
"""Control and format characters, for Python's and PostgreSQL's regular expressions; the joiners that some scripts need are none."""


def clean_words(text: str, field: str) -> str:
    """Return `text` composed (NFC), spaces of any kind made one. Raises BusinessError for an invisible character."""
    words = SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if re.search(HIDDEN_CHARACTERS, words):
        message = _("Ce texte contient un caractère invisible : effacez-le et tapez-le de nouveau.")
        raise BusinessError(message, code="invisible-character", field=field)
    return words


def visible_words(name: str, *columns: str) -> models.CheckConstraint:
    """Return the constraint that these columns hold no invisible character."""
    condition = models.Q()
    for column in columns:
        condition &= ~models.Q(**{f"{column}__regex": HIDDEN_CHARACTERS})
    return models.CheckConstraint(
        name=name,
        condition=condition,
        violation_error_message=gettext_lazy(
            "Ce texte contient un caractère invisible : effacez-le et tapez-le de nouveau."
        ),
        violation_error_code="invisible-character",
    )
