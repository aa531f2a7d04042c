"""Patients' numbers: PAT-00001 onwards, passing over those that paper files already bear."""

from __future__ import annotations

from apps.hospital.models import Patient
from apps.hospital.mots import ecrire_numero
from apps.socle.models import Counter
from apps.socle.numbering import next_value

GENRE = "PAT"
LOT = 1000


def prendre_numero() -> str:
    """Return the next number that no patient bears. Inside a command: the tenant is locked.

    Each number passed over was given to one patient and is passed once, so a takeover of n files
    costs n steps in all, most of them taken by `avancer_numeros` while it runs.
    """
    pris: set[int] = set()
    jusqu_a = 0
    while True:
        rang = next_value(kind=GENRE)
        if rang > jusqu_a:
            jusqu_a = rang + LOT
            pris = set(Patient.objects.filter(rang__range=(rang, jusqu_a)).values_list("rang", flat=True))
        if rang not in pris:
            return ecrire_numero(rang)


def avancer_numeros() -> None:
    """Move the counter past the numbers, given by a takeover, that follow it directly."""
    dernier = Counter.objects.filter(kind=GENRE, year=0).values_list("last", flat=True).first() or 0
    while Patient.objects.filter(rang=dernier + 1).exists():
        dernier = next_value(kind=GENRE)
