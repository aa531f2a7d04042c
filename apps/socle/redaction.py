"""What never reaches a log: health data, secrets, card numbers, codes."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[masqué]"
# Field names whose values say who the patient is, what is treated, or open a door.
SENSITIVE = re.compile(
    r"pass|secret|token|cl[eé]|key|code|otp|pin|cookie|authoriz|csrf|carte|card|cvv|iban|compte_source|"
    r"motif|diagnos|notes?$|comment|description|libell|nom|name|titulaire|telephone|phone|email|naissance|birth|patient|payeur|payant|adresse|address|^q$|^ajout$|^faire$|login|"
    r"acte|examen|exam|analys|r[eé]sultat|result|traitement|treatment|sympt|allerg|ant[eé]c[eé]dent|patholog|maladie|"
    r"ordonnance|prescri|compte_rendu|rapport|report|sang|blood|grossesse|pregnan|sexe|vaccin|m[eé]dic|soin|sant[eé]|health|dossier",
    re.IGNORECASE,
)
# One word, number, date or identifier; anything longer is what a person wrote.
ONE_WORD = re.compile(r"[\w.,:+/-]{0,64}")
UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
# What people write between the groups of a number: any space, a point, a comma, a slash, a dash, twice at most.
SEPARATOR = r"[\s.,/_\-\u2010-\u2015\u00b7]"
CARD_NUMBER = re.compile(rf"(?<!\d)(?:\d{SEPARATOR}{{0,2}}){{12,18}}\d(?!\d)")
# A key of ours may be made of digits only: it is tried first, and stays.
KEY_OR_CARD = re.compile(rf"({UUID})|{CARD_NUMBER.pattern}", re.IGNORECASE)
BEARER = re.compile(r"(?i)(bearer\s+|sk_(?:live|test)_)\S+")
# PostgreSQL quotes the whole refused row: a patient's, it may be.
DETAIL = re.compile(r"(?m)^(\s*(?:DETAIL|DÉTAIL)\s*:\s*).*$")


def luhn(digits: str) -> bool:
    """Tell whether `digits` has a valid check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, character in enumerate(reversed(digits)):
        digit = int(character) * (1 + index % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def hides_card_number(text: str) -> bool:
    """Tell whether `text` holds what looks like a full card number: 13 to 19 digits in a row or grouped."""
    return bool(CARD_NUMBER.search(text))


def redact_text(text: str) -> str:
    """Return `text` without card numbers, bearer secrets and the rows that PostgreSQL quotes."""
    text = KEY_OR_CARD.sub(lambda m: m.group(1) or HIDDEN, text)
    return DETAIL.sub(lambda m: m.group(1) + HIDDEN, BEARER.sub(lambda m: m.group(1) + HIDDEN, text))


def redact(value: Any, name: str = "", free_text: bool = True) -> Any:
    """Return `value` (mappings and lists included) with sensitive fields hidden.

    Without `free_text`, whatever is more than one word is hidden too, whatever its field's name:
    a form holds what a person wrote.
    """
    if isinstance(value, Mapping):
        return {redact_text(str(key)): redact(item, str(key), free_text) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, name, free_text) for item in value]
    if name and SENSITIVE.search(name):
        return HIDDEN if value not in (None, "") else value
    if isinstance(value, str):
        return redact_text(value) if free_text or ONE_WORD.fullmatch(value) else HIDDEN
    if isinstance(value, int | float) and not isinstance(value, bool):
        return HIDDEN if hides_card_number(str(value)) else value
    return value


# Fields of a log record whose names only look sensitive.
HARMLESS = frozenset({"status_code", "logger_name", "task_name", "request_id"})


class RedactingFilter(logging.Filter):
    """Redacts the message, its arguments, the traceback and the extra fields of every record."""

    _STANDARD = frozenset(logging.makeLogRecord({}).__dict__)
    _FORMATTER = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact_text(record.getMessage())
        record.args = ()
        if record.exc_info and record.exc_info[0]:
            record.exc_text = self._FORMATTER.formatException(record.exc_info)
            record.exc_info = None  # a formatter would write it again, as it is
        record.exc_text = redact_text(record.exc_text) if record.exc_text else record.exc_text
        for name in set(record.__dict__) - self._STANDARD - HARMLESS:
            record.__dict__[name] = redact(record.__dict__[name], name)
        return True
