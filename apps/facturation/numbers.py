"""The next number of an invoice, taken inside the issuing transaction."""

from __future__ import annotations

import uuid
from collections import Counter as Tally
from datetime import date

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.facturation.choices import SequenceStatus
from apps.facturation.models import InvoiceSequence
from apps.socle.clock import now
from apps.socle.errors import BusinessError
from apps.socle.numbering import refuse_past_year
from apps.socle.scope import require_scope
from apps.socle.unit_of_work import collect, know, once

DEFAULT_PREFIX = "FAC-"

KEY = "invoice sequence"


def take_number(issue_date: date, past: bool = False) -> str:
    """Take the next number of the year of `issue_date`, as `FAC-2026-00001`; a rollback gives it back.

    Inside a command, which counts on from what it read and moves the sequence at its end. A year that
    has no sequence begins one in the form of the latest. `past` is the takeover actor's. Raises
    BusinessError when the year's sequence is frozen, or a later year has given numbers already.
    """
    year = issue_date.year
    sequence, value, latest = once((KEY, year), lambda: _read(year))
    if sequence.status != SequenceStatus.ACTIVE:
        message = _("La numérotation des factures de %s est gelée.") % year
        raise BusinessError(message, code="invoice-sequence-frozen")
    if not past:
        refuse_past_year(sequence.prefix.rstrip("-"), year, latest)
    know((KEY, year), (sequence, value + 1, latest))
    collect("facturation.numbers", sequence.pk, _move)
    return sequence.number(value)


def _read(year: int) -> tuple[InvoiceSequence, int, int | None]:
    """Return the year's sequence, locked; its next number; the latest year that has given one."""
    yearly = InvoiceSequence.objects.filter(month=None)
    latest = yearly.filter(total_created__gt=0).aggregate(latest=Max("year"))["latest"]
    locked = yearly.select_for_update(of=("self",)).filter(year=year)
    sequence = locked.first()
    if sequence is None:
        open_sequence(year)
        sequence = locked.get()
    return sequence, sequence.next_number, latest


def _move(given: list[uuid.UUID]) -> None:
    """Move each sequence, which is locked, past the numbers that were given: its key stands once for each."""
    with connection.cursor() as cursor:
        for sequence_id, many in Tally(given).items():
            cursor.execute("select facturation_take_numbers(%s, %s, %s)", [sequence_id, many, now()])


def open_sequence(year: int) -> None:
    """Begin the sequence of `year` unless it is there, in the form of the tenant's latest."""
    latest = InvoiceSequence.objects.filter(month=None).order_by("-year").first()
    row = InvoiceSequence(
        tenant_id=require_scope(),
        year=year,
        prefix=latest.prefix if latest else DEFAULT_PREFIX,
        suffix=latest.suffix if latest else "",
        format_type=latest.format_type if latest else InvoiceSequence._meta.get_field("format_type").default,
        format=latest.format if latest else InvoiceSequence._meta.get_field("format").default,
    )
    InvoiceSequence.objects.bulk_create([row], ignore_conflicts=True)
