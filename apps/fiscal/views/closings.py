"""The closings: all of them, the page of a period to be closed, one closing."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.fiscal import closings as periods
from apps.fiscal.choices import ClosingType
from apps.fiscal.closing_sheet import Preview, due, figures, preview
from apps.fiscal.closings import KINDS, WORDS
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.forms import ClosingHourForm, ConfirmationForm
from apps.fiscal.keys import genuine_keys
from apps.fiscal.models import FiscalClosing, FiscalEntry
from apps.fiscal.preclosing import unfinished
from apps.fiscal.selectors import latest_check
from apps.fiscal.services.close_period import Closure, check_calendar, close_period
from apps.fiscal.services.set_closing_hour import set_closing_hour
from apps.fiscal.survey import ChainBroken, frontier_of
from apps.fiscal.tasks import close_one_period
from apps.fiscal.totals import Totals
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.progress import count
from apps.socle.screens.chart import Bar
from apps.socle.screens.dates import familiar_instant
from apps.socle.screens.lists import Tab, page_of

READ, CLOSE = "fiscal.view_fiscalclosing", "fiscal.close_period"
AT_ONCE = 20_000
"""Links of a day that are closed while the person waits; a longer one is left to a worker."""
CHART_DAYS = 14


@permission_required(READ)
@require_safe
def closings(request: HttpRequest) -> HttpResponse:
    """List the closings, latest first, under what is to be closed and the turnover of the latest days."""
    staff = cast(StaffRequest, request)
    asked = request.GET.get("periodicite", "")
    context = {
        "page": page_of(request, periods.closings(KINDS.get(asked, ""))),
        "tabs": _tabs(asked),
        "due": [{"what": item, "url": _address(item.closing_type, item.end)} for item in due(staff.tenant.time_zone)],
        "bars": _bars(staff.tenant.currency),
        "may_close": request.user.has_perm(CLOSE),
        "hour": ClosingHourForm(initial={"hour": staff.tenant.closing_hour}),
        "closing_hour": staff.tenant.closing_hour,
    }
    return render(request, "fiscal/clotures.html", context)


def _tabs(asked: str) -> list[Tab]:
    address = reverse("fiscal:closings")
    named = [
        Tab(str(kind.label), f"{address}?periodicite={word}", current=asked == word) for word, kind in KINDS.items()
    ]
    return [Tab(_("Toutes"), address, current=asked not in KINDS), *named]


def _bars(currency: str) -> list[Bar]:
    """Return the turnover of the latest sealed days, oldest first; days before anything was sold are left out."""
    days = list(periods.closings(ClosingType.DAILY)[:CHART_DAYS])
    while len(days) > 1 and not days[-1].total_operations:
        days.pop()
    return [
        Bar(
            label=f"{day.closing_date:%d}",
            sublabel=formats.date_format(day.closing_date, "D").lower(),
            value=Totals(day.totals).turnover(currency),
            url=reverse("fiscal:closing", args=[day.pk]),
            full_label=formats.date_format(day.closing_date, "l d/m/Y"),
        )
        for day in reversed(days)
    ]


def _address(closing_type: str, end: date) -> str:
    return reverse("fiscal:close", args=[WORDS[ClosingType(closing_type)], end.isoformat()])


@permission_required(READ)
@require_safe
def closing(request: HttpRequest, closing_id: UUID) -> HttpResponse:
    """Show one closing: what it says, its hashes, whether it is still what was signed."""
    found = get_object_or_404(FiscalClosing, pk=closing_id)
    link = FiscalEntry.objects.only("sequence_number").filter(
        entity_type="fiscal.FiscalClosing", entity_id=found.pk, entry_type="closing"
    )
    state = _state(request, found)
    same = FiscalClosing.objects.filter(closing_type=found.closing_type).only("closing_date")
    context = {
        "closing": found,
        "label": periods.period_label(found.closing_type, found.closing_date),
        "link": link.first(),
        # What was tampered with may not even be an amount: only the bytes are shown then.
        "figures": figures(found.totals, found.currency) if state != "failed" else [],
        "perpetual": figures(found.perpetual_totals, found.currency) if state != "failed" else [],
        "signature": bytes(found.signature).hex(),
        "canonical": bytes(found.data_canonical).decode(errors="replace"),
        "earlier": same.filter(closing_date__lt=found.closing_date).order_by("-closing_date").first(),
        "later": same.filter(closing_date__gt=found.closing_date).order_by("closing_date").first(),
        "state": state,
    }
    return render(request, "fiscal/cloture.html", context)


def _state(request: HttpRequest, found: FiscalClosing) -> str:
    """Return « passed », « failed », or « warning » where the master secret cannot be read: verified now."""
    try:
        keys, _replaced = genuine_keys(cast(StaffRequest, request).tenant.pk)
        frontier_of(found, keys)
    except MasterSecretError:
        return "warning"
    except ChainBroken:
        return "failed"
    return "passed"


@permission_required(CLOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, periodicity: str, day: str) -> HttpResponse:
    """Show what a period comes to and what is unfinished in it; close it once its last day is typed."""
    kind, staff = KINDS[periodicity], cast(StaffRequest, request)
    try:
        end = periods.last_day_of(kind, date.fromisoformat(day))
    except (ValueError, OverflowError) as error:
        raise Http404(day) from error
    standing = periods.closing_of(kind, end)
    if standing is not None:
        return _answer(request, Closure(standing, created=False), said=request.method == "POST")
    form = ConfirmationForm(request.POST or None, end=end, daily=kind == ClosingType.DAILY)
    if request.method == "POST" and form.is_valid():
        answer = _close(staff, kind, end, form)
        if answer is not None:
            return answer
    return render(request, "fiscal/a_cloturer.html", _sheet(staff, kind, end, form), status=422 if form.errors else 200)


def _close(request: StaffRequest, kind: ClosingType, end: date, form: ConfirmationForm) -> HttpResponse | None:
    """Close the period, or say beside the field why not; a very long one is left to a worker."""
    try:
        check_calendar(kind, end)
        if preview(kind, end).entries_count > AT_ONCE and kind == ClosingType.DAILY:
            return _leave_to_a_worker(request, kind, end)
        return _answer(request, close_period(closing_type=kind, closing_date=end, acteur=request.acteur))
    except BusinessError as error:
        form.add_error(None, str(error))
    except MasterSecretError:
        form.add_error(None, _("Clôture impossible : le secret des clés de signature n’est pas lisible."))
    return None


def _leave_to_a_worker(request: StaffRequest, kind: ClosingType, end: date) -> HttpResponse:
    acteur = request.acteur
    values = [str(request.tenant.pk), str(kind), end.isoformat(), str(acteur.id), acteur.label, acteur.role]
    transaction.on_commit(lambda: close_one_period.delay(*values))
    messages.info(request, _("La clôture est lancée : %s. Elle s’affichera ici.") % periods.period_label(kind, end))
    return HttpResponseRedirect(reverse("fiscal:closings"), status=303)


def _answer(request: HttpRequest, closure: Closure, said: bool = True) -> HttpResponse:
    """Lead to the closing, and say who made it and when."""
    made = closure.closing
    label = periods.period_label(made.closing_type, made.closing_date)
    if said and closure.created:
        messages.success(request, _("Clôture faite : %s.") % label)
    elif said:
        values = {"label": label, "who": made.actor_label, "when": familiar_instant(timezone.localtime(made.closed_at))}
        messages.warning(request, _("%(label)s : clôture déjà faite par %(who)s, %(when)s.") % values)
    return HttpResponseRedirect(reverse("fiscal:closing", args=[made.pk]), status=303)


def _sheet(request: StaffRequest, kind: ClosingType, end: date, form: ConfirmationForm) -> dict[str, Any]:
    refused = _refused(kind, end)
    seen: Preview | None = None if refused else preview(kind, end)
    check = latest_check()
    return {
        "label": periods.period_label(kind, end),
        "end": end,
        "daily": kind == ClosingType.DAILY,
        "state_word": _state_word(request, kind, end),
        "preview": seen,
        "figures": figures(seen.sums.totals.as_json(), request.tenant.currency) if seen else [],
        "unfinished": unfinished(request.tenant, seen.start, end) if seen else [],
        "check": check,
        "broken": check is not None and not check.holds,
        "refused": refused,
        "form": form,
        "latest": periods.latest_closing(kind),
        "first_url": _first_to_close(kind, end),
        "link_count": count(seen.entries_count) if seen else "",
    }


def _refused(kind: ClosingType, end: date) -> str:
    """Return why the calendar forbids to close this period now; empty where it does not."""
    try:
        check_calendar(kind, end)
    except BusinessError as error:
        return str(error)
    return ""


def _state_word(request: StaffRequest, kind: ClosingType, end: date) -> str:
    """Return how far a period that is not closed is."""
    if end <= local_date(request.tenant.time_zone):
        return _("À clôturer")
    return _("Pas encore commencée") if kind == ClosingType.DAILY else _("Pas encore finie")


def _first_to_close(kind: ClosingType, end: date) -> str:
    """Return the address of what must be closed before this period, empty where nothing must."""
    for asked in (periods.PARTS.get(kind), kind):
        first = periods.next_closing_date(asked) if asked else None
        if asked and first is not None and (first < end or (asked != kind and first == end)):
            return _address(asked, first)
    return ""


@permission_required(CLOSE)
@require_POST
def closing_hour(request: HttpRequest) -> HttpResponse:
    """Set the hour from which finished days close by themselves."""
    form = ClosingHourForm(request.POST)
    if form.is_valid():
        set_closing_hour(hour=form.cleaned_data["hour"], acteur=cast(StaffRequest, request).acteur)
        messages.success(request, _("Les jours finis se clôtureront à partir de %s h.") % form.cleaned_data["hour"])
    else:
        messages.error(request, " ".join(form.errors["hour"]))
    return HttpResponseRedirect(reverse("fiscal:closings"), status=303)
