"""Seal a day, a month or a year of the chain of the tenant in scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.fiscal import closings, crypto
from apps.fiscal.canonical import canonical_bytes, data_hash
from apps.fiscal.choices import ClosingType
from apps.fiscal.closing_bytes import closing_content
from apps.fiscal.facts import closing_made
from apps.fiscal.head import HeadToExtend, read_head_to_extend
from apps.fiscal.models import FiscalClosing
from apps.fiscal.preclosing import unfinished
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.survey import Progress, Survey, frontier_of
from apps.fiscal.totals import Totals
from apps.fiscal.tree import store_blocks
from apps.organisations.models import Tenant
from apps.organisations.selectors import current_tenant
from apps.socle.actors import Acteur
from apps.socle.audit import record
from apps.socle.clock import local_date, now
from apps.socle.commands import command
from apps.socle.errors import BusinessError
from apps.socle.facts import publish
from apps.socle.language import document_language
from apps.socle.scope import require_scope
from apps.socle.screens.dates import short_date
from apps.socle.unit_of_work import write_waiting


@dataclass(frozen=True)
class Closure:
    """A closing, and whether this call made it; False when it already stood."""

    closing: FiscalClosing
    created: bool


def close_period(
    *,
    closing_type: str,
    closing_date: date,
    acteur: Acteur,
    survey: Survey | None = None,
    progress: Progress | None = None,
) -> Closure:
    """Close the day, month or year that holds `closing_date`; return the one that stands when it was closed before.

    The links since the last sealed day are verified first, without any lock: sales go on. Then, under the tenant's
    lock, those that came meanwhile, and all is written at once. `survey` is one that went on from the closing
    before, for whoever closes several days in a row; `progress` is called with (links done, total).

    Raises BusinessError where the calendar forbids (closing-early, closing-order), ChainBroken where the chain does
    not hold, and MasterSecretError.
    """
    end = closings.last_day_of(closing_type, closing_date)
    standing = closings.closing_of(closing_type, end)
    if standing is not None:
        return Closure(standing, created=False)
    check_calendar(closing_type, end)
    survey = survey or Survey()
    survey.read_to_the_head(progress)
    return _seal(closing_type=closing_type, end=end, survey=survey, acteur=acteur)


def check_calendar(closing_type: str, end: date) -> None:
    """Raise BusinessError unless the period of this kind that ends on `end` is the next one to close."""
    due = closings.next_closing_date(closing_type)
    if due is None:
        raise BusinessError(_("Cet établissement n’a pas encore de chaîne fiscale."), code="chain-missing")
    check_begun(end)
    check_finished(closing_type, end)
    part = closings.PARTS.get(ClosingType(closing_type))
    unsealed = closings.next_closing_date(part) if part else due
    if part and unsealed is not None and unsealed <= end:
        raise _not_yet(part, unsealed)
    if end != due:
        raise _not_yet(closing_type, due)


def check_begun(end: date) -> None:
    """Raise BusinessError where the chain of the tenant in scope began after `end`."""
    first = closings.first_day()
    if first is not None and end < first:
        message = _("La chaîne de cet établissement commence le %s.") % short_date(first)
        raise BusinessError(message, code="closing-order", field="closing_date")


def check_finished(closing_type: str, end: date) -> None:
    """Raise BusinessError unless the day has begun, the month or the year reached its last day, for this tenant."""
    tenant = Tenant.objects.only("time_zone").get(pk=require_scope())
    if end > local_date(tenant.time_zone):
        whole = closing_type in closings.PARTS
        message = (_("Ce n’est pas fini : %s.") if whole else _("Ce n’est pas commencé : %s.")) % (
            closings.period_label(closing_type, end)
        )
        raise BusinessError(message, code="closing-early", field="closing_date")


def _not_yet(closing_type: str, end: date) -> BusinessError:
    """Days come in order, a month after its days, a year after its months."""
    message = _("À clôturer d’abord : %s.") % closings.period_label(closing_type, end)
    return BusinessError(message, code="closing-order", field="closing_date")


@document_language()
def _seal(*, closing_type: str, end: date, survey: Survey, acteur: Acteur) -> Closure:
    """Write the closing in the house's language, whatever the screen of its author speaks."""
    return seal(closing_type=closing_type, end=end, survey=survey, acteur=acteur)


@command
def seal(*, closing_type: str, end: date, survey: Survey, acteur: Acteur) -> Closure:
    """Write the closing of the period of this kind that ends on `end`, its fact and its trace.

    Only `close_period` calls it. A survey that somebody overtook is made again under the lock.
    """
    standing = closings.closing_of(closing_type, end)
    if standing is not None:
        return Closure(standing, created=False)
    check_calendar(closing_type, end)
    if survey.latest != closings.latest_closing(ClosingType.DAILY):
        survey = Survey()
    survey.read_to_the_head()
    closing = _insert(closing_type, end, survey, acteur)
    if closing_type == ClosingType.DAILY:
        survey.sealed(closing)
        store_blocks(closing.last_sequence)
    publish(closing_made(closing, acteur))
    record("closed", closing, acteur, new={"number": closing.number, "closing_hash": closing.closing_hash})
    write_waiting()
    anchor_head(closing=closing, acteur=acteur)  # its own link is now the head of the chain
    return Closure(closing, created=True)


def _insert(closing_type: str, end: date, survey: Survey, acteur: Acteur) -> FiscalClosing:
    tenant = current_tenant()
    head, start = read_head_to_extend(tenant.pk), closings.next_start(closing_type) or end
    before = closings.last_of_all()
    moment = now()
    closing = FiscalClosing(
        tenant_id=tenant.pk,
        closing_type=closing_type,
        closing_date=end,
        period_start=start,
        currency=tenant.currency,
        unfinished=[item.as_json() for item in unfinished(tenant, start, end)],
        previous_closing_hash=before.closing_hash if before else crypto.closing_genesis_hash(tenant.pk),
        key_id=head.signer.key_id,
        algorithm=crypto.ALGORITHM,
        actor_type=str(acteur.kind),
        actor_id=acteur.id,
        actor_label=acteur.label,
        environment=head.environment,
        closed_at=moment,
        created_at=moment,
        **(
            _of_links(end, survey, tenant.currency)
            if closing_type == ClosingType.DAILY
            else _of_parts(closing_type, start, end, survey)
        ),
    )
    return _signed(closing, head)


def _of_links(end: date, survey: Survey, currency: str) -> dict[str, Any]:
    """Return what a day's closing says of its links; amounts in their own currencies, balances in `currency`."""
    day, perpetual = survey.day(end), Totals(survey.latest.perpetual_totals if survey.latest else None)
    opening = perpetual.turnover(currency)
    perpetual.add(day.sums.totals)
    return {
        "first_sequence": day.first_sequence,
        "last_sequence": day.last_sequence,
        "entries_count": day.last_sequence - day.first_sequence + 1,
        "head_hash": day.head_hash,
        "totals": day.sums.totals.as_json(),
        "perpetual_totals": perpetual.as_json(),
        "opening_balance": opening,
        "closing_balance": perpetual.turnover(currency),
        "total_operations": day.sums.operations,
        "merkle_root": day.frontier.root().hex(),
        "merkle_frontier": day.frontier.as_hex(),
    }


def _of_parts(closing_type: str, start: date, end: date, survey: Survey) -> dict[str, Any]:
    """Return what a month's closing says of its days', a year's of its months', each verified."""
    parts = _parts(closing_type, start, end)
    for part in parts:
        frontier_of(part, survey.keys)
    first, last, totals = parts[0], parts[-1], Totals()
    for part in parts:
        totals.add(Totals(part.totals))
    return {
        "first_sequence": first.first_sequence,
        "last_sequence": last.last_sequence,
        "entries_count": last.last_sequence - first.first_sequence + 1,
        "head_hash": last.head_hash,
        "totals": totals.as_json(),
        "perpetual_totals": last.perpetual_totals,
        "opening_balance": first.opening_balance,
        "closing_balance": last.closing_balance,
        "total_operations": sum(part.total_operations for part in parts),
        "merkle_root": last.merkle_root,
        "merkle_frontier": last.merkle_frontier,
    }


def _parts(closing_type: str, start: date, end: date) -> Sequence[FiscalClosing]:
    kind = closings.PARTS[ClosingType(closing_type)]
    found = FiscalClosing.objects.filter(closing_type=kind, closing_date__range=(start, end))
    return list(found.order_by("closing_date"))


def _signed(closing: FiscalClosing, head: HeadToExtend) -> FiscalClosing:
    closing.data_canonical = canonical_bytes(closing_content(closing, head.tenant_name))
    closing.data_hash = data_hash(closing.data_canonical)
    closing.closing_hash = crypto.closing_hash(closing.previous_closing_hash, closing.data_hash)
    closing.signature = crypto.sign(head.signer.private_key, closing.closing_hash)
    closing.save(force_insert=True)
    return closing
