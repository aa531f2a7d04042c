"""Patients' numbers: PAT-00001 onwards, passing over those that paper files already bear."""

from __future__ import annotations

from django.db import connection

from apps.hospital.mots import ecrire_numero
from apps.socle.numbering import let_the_database_count, next_value
from apps.socle.scope import require_scope

GENRE = "PAT"


def prendre_numero() -> str:
    """Return the next number that no patient bears. Inside a command: the tenant is locked."""
    avancer_numeros()
    return ecrire_numero(next_value(kind=GENRE))


def avancer_numeros() -> None:
    """Move the counter past the numbers, given by a takeover, that follow it directly.

    Each is passed once: a takeover of n files costs n steps in all, whatever their order, and a
    number far ahead costs nothing until the counter reaches it.
    """
    let_the_database_count()
    with connection.cursor() as cursor:
        cursor.execute("select hospital_avancer_numeros(%s)", [require_scope()])
