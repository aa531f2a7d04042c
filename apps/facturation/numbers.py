"""The next number of an invoice, taken inside the issuing transaction."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from apps.facturation.models import InvoiceSequence
from apps.socle.clock import now
from apps.socle.errors import BusinessError
from apps.socle.numbering import refuse_past_year
from apps.socle.scope import require_scope

DEFAULT_PREFIX = "FAC-"

_TAKE = """
update facturation_invoicesequence s
set next_number = next_number + 1, total_created = total_created + 1, updated_at = %s
where tenant_id = %s and year = %s and month is null and status = 'active'
returning next_number - 1, prefix, suffix, format, (
  select max(l.year) from facturation_invoicesequence l where l.tenant_id = s.tenant_id and l.total_created > 0)
"""


def take_number(issue_date: date, past: bool = False) -> str:
    """Take the next number of the year of `issue_date`, as `FAC-2026-00001`; a rollback gives it back.

    A year that has no sequence begins one in the form of the latest. `past` is the takeover actor's.
    Raises BusinessError when the year's sequence is frozen, or a later year has given numbers already.
    """
    return _take(issue_date.year, past) or _begin_and_take(issue_date.year, past)


def _take(year: int, past: bool) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [now(), require_scope(), year])
        row = cursor.fetchone()
    if row is None:
        return ""
    value, prefix, suffix, form, latest = row
    if not past:
        refuse_past_year(prefix.rstrip("-"), year, latest)
    return InvoiceSequence(year=year, prefix=prefix, suffix=suffix, format=form).number(value)


def _begin_and_take(year: int, past: bool) -> str:
    open_sequence(year)
    number = _take(year, past)
    if not number:
        message = _("La numérotation des factures de %s est gelée.") % year
        raise BusinessError(message, code="invoice-sequence-frozen")
    return number


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
