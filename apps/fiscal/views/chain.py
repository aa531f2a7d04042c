"""The chain: its links, one link, the button that verifies."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.fiscal import selectors
from apps.fiscal.choices import AnchorStatus
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.forms import EntryFilter
from apps.fiscal.models import FiscalEntry, FiscalIntegrityCheck, FiscalKey
from apps.fiscal.readable import signed_data
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.services.verify_link import verify_link
from apps.fiscal.tasks import verify_one_chain
from apps.fiscal.verification import Anomaly
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.facts import authority_of, source_link, traces
from apps.socle.progress import count
from apps.socle.screens.lists import ordered, page_of, sort_key

READ = "fiscal.view_fiscalentry"
COLUMNS = {"maillon": "sequence_number", "document": "entity_number"}
SHOWN_FAILURES = 5
AT_ONCE = 20_000
"""Links that are verified while the person waits (about two seconds); a longer chain is left to a worker."""


@permission_required(READ)
@require_safe
def chain(request: HttpRequest) -> HttpResponse:
    """List the links, latest first, under the latest verification."""
    form = EntryFilter(request.GET)
    chosen = form.chosen
    found = selectors.search_entries(
        q=chosen.get("q", ""), entry_type=chosen.get("type", ""), since=chosen.get("du"), until=chosen.get("au")
    )
    check, failures = selectors.latest_check(), selectors.unanswered_failures()
    context = {
        "form": form,
        "page": page_of(request, ordered(found, request, COLUMNS, default="-maillon")),
        "tri": sort_key(request, COLUMNS, "-maillon"),
        "check": check,
        "standing": selectors.standing_links(check),
        "failures": list(failures[:SHOWN_FAILURES]),
        "failures_count": failures.count(),
        "head": selectors.head(),
        "anchor": selectors.anchors().filter(status=AnchorStatus.VERIFIED).first(),
        "may_verify": request.user.has_perm("fiscal.verify_chain"),
        "may_archive": request.user.has_perm("fiscal.archive_chain"),
    }
    return render(request, "fiscal/chaine.html", context)


@permission_required(READ)
@require_safe
def link(request: HttpRequest, sequence_number: int) -> HttpResponse:
    """Show one link: its signed data in words, its hashes, its neighbours, its document and what the fact left."""
    entry = get_object_or_404(selectors.entries().defer(None), sequence_number=sequence_number)
    context = {
        "entry": entry,
        "said": signed_data(entry),
        "key": FiscalKey.objects.filter(key_id=entry.key_id).first(),
        "neighbours": selectors.neighbours(entry),
        "source": source_link(entry.entity_type, entry.entity_id) if entry.entity_type and entry.entity_id else None,
        "authority": authority_of(entry.entity_type, entry.entity_id) if entry.entity_type and entry.entity_id else "",
        "traces": [trace for trace in traces(entry.fact_id) if not trace.url.startswith(request.path)],
        "may_prove": request.user.has_perm("fiscal.prove_entry"),
        "seen": _clear_text(request, entry),
        **_verified(entry),
    }
    return render(request, "fiscal/maillon.html", context)


def _clear_text(request: HttpRequest, entry: FiscalEntry) -> FiscalEntry | None:
    """Address and browser are personal data: shown to who may see them, as long as they are there."""
    return entry if request.user.has_perm("fiscal.view_fiscalcommitment") and entry.ip_address else None


def _verified(entry: FiscalEntry) -> dict[str, Any]:
    """Verify this link now: what is shown is what was signed, or the page says that it is not."""
    anomalies: tuple[Anomaly, ...] = ()
    try:
        anomalies = verify_link(sequence_number=entry.sequence_number)
    except MasterSecretError:
        return {"verifiable": False, "anomalies": anomalies}
    return {"verifiable": True, "anomalies": anomalies}


@permission_required("fiscal.verify_chain")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the chain now, or have a worker do it when it is long; the result stands on the chain's page."""
    staff, head = cast(StaffRequest, request), selectors.head()
    length = head.last_sequence_number if head else 0
    try:
        if length > AT_ONCE:
            _leave_to_a_worker(staff, length)
        else:
            _say(request, check_chain(acteur=staff.acteur))
    except MasterSecretError:
        messages.error(request, _("Vérification impossible : le secret des clés de signature n’est pas lisible."))
    return HttpResponseRedirect(reverse("fiscal:chain"), status=303)


def _leave_to_a_worker(request: StaffRequest, length: int) -> None:
    values = [str(request.tenant.pk), str(request.acteur.id), request.acteur.label, request.acteur.role]
    transaction.on_commit(lambda: verify_one_chain.delay(*values))
    messages.info(
        request, _("La vérification de %s maillons est lancée ; son résultat s’affichera ici.") % count(length)
    )


def _say(request: HttpRequest, check: FiscalIntegrityCheck) -> None:
    if check.holds:
        said = ngettext(
            "Chaîne conforme : %(n)s maillon vérifié.",
            "Chaîne conforme : %(n)s maillons vérifiés.",
            check.entries_validated,
        )
        messages.success(request, said % {"n": count(check.entries_validated)})
    else:
        messages.error(request, _("Chaîne rompue. %s") % (check.first_anomaly or {}).get("text", ""))
