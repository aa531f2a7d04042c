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
    r"motif|diagnos|notes?$|comment|description|libell|nom|name|telephone|phone|email|naissance|birth|patient|payeur|payant|adresse|address|^q$|^ajout$|^faire$|login",
    re.IGNORECASE,
)
CARD_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
BEARER = re.compile(r"(?i)(bearer\s+|sk_(?:live|test)_)\S+")


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
    """Return `text` without card numbers and bearer secrets."""
    return BEARER.sub(lambda m: m.group(1) + HIDDEN, CARD_NUMBER.sub(HIDDEN, text))


def redact(value: Any, name: str = "") -> Any:
    """Return `value` (mappings and lists included) with sensitive fields hidden."""
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, name) for item in value]
    if name and SENSITIVE.search(name):
        return HIDDEN if value not in (None, "") else value
    return redact_text(value) if isinstance(value, str) else value


# Fields of a log record whose names only look sensitive.
HARMLESS = frozenset({"status_code", "logger_name", "task_name", "request_id"})


class RedactingFilter(logging.Filter):
    """Redacts the message, its arguments and the extra fields of every record."""

    _STANDARD = frozenset(logging.makeLogRecord({}).__dict__)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact_text(record.getMessage())
        record.args = ()
        for name in set(record.__dict__) - self._STANDARD - HARMLESS:
            record.__dict__[name] = redact(record.__dict__[name], name)
        return True
