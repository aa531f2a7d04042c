"""What is handed to others: the proof of a link, of two closings' continuity, an archive, the verifier."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.fiscal import closings, proofs, selectors
from apps.fiscal.archive.cautions import chain_cautions
from apps.fiscal.archive.contents import VERIFIER, pretty
from apps.fiscal.choices import ClosingType
from apps.fiscal.crypto import MasterSecretError
from apps.fiscal.forms import ArchiveForm, ContinuityForm
from apps.fiscal.models import FiscalEntry, FiscalKey
from apps.fiscal.readable import signed_data
from apps.fiscal.services.write_archive import announce_archive, stream_archive
from apps.fiscal.tree import TreeBroken
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError

PROVE, ARCHIVE = "fiscal.prove_entry", "fiscal.archive_chain"


def _entry(sequence_number: int) -> FiscalEntry:
    return get_object_or_404(selectors.entries().defer(None), sequence_number=sequence_number)


def _json(content: dict[str, Any], filename: str) -> HttpResponse:
    response = HttpResponse(pretty(content), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}.json"'
    return response


@permission_required(PROVE)
@require_safe
def proof(request: HttpRequest, sequence_number: int) -> HttpResponse:
    """Show the proof of a link on a page that can be printed."""
    entry = _entry(sequence_number)
    context: dict[str, Any] = {
        "entry": entry,
        "said": signed_data(entry),
        "key": FiscalKey.objects.filter(key_id=entry.key_id).first(),
        "closing": proofs.covering_closing(sequence_number),
        "path": [],
        "broken": False,
        "may_read": request.user.has_perm("fiscal.view_fiscalentry"),
    }
    try:
        context["path"] = proofs.inclusion(entry)["path"] or []
    except TreeBroken:
        context["broken"] = True
    return render(request, "fiscal/preuve.html", context, status=409 if context["broken"] else 200)


@permission_required(PROVE)
@require_safe
def proof_file(request: HttpRequest, sequence_number: int) -> HttpResponse:
    """Download the proof of a link: a file that verify.py accepts alone."""
    try:
        return _json(proofs.inclusion(_entry(sequence_number)), f"preuve-{sequence_number}")
    except TreeBroken:
        return proof(request, sequence_number)


@permission_required("fiscal.view_fiscalentry")
@require_safe
def continuity(request: HttpRequest) -> HttpResponse:
    """Show, or download, the proof that one closing goes on from another."""
    form = ContinuityForm(request.GET if "de" in request.GET else None, initial=_latest_two() | request.GET.dict())
    context: dict[str, Any] = {"form": form, "proof": None, "broken": False}
    if form.is_bound and form.is_valid():
        first, second = form.in_order()
        try:
            found = proofs.consistency(first, second)
        except TreeBroken:
            context["broken"] = True
        else:
            if "fichier" in request.GET:
                return _json(found, f"continuite-{first.number}-{second.number}")
            context |= {"proof": found, "first": first, "second": second}
    status = 409 if context["broken"] else 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "fiscal/continuite.html", context, status=status)


def _latest_two() -> dict[str, str]:
    """Return the numbers of the latest two days' closings, the earlier one first; nothing before there are two."""
    latest = [closing.number for closing in closings.closings(ClosingType.DAILY)[:2]]
    return {"de": latest[1], "a": latest[0]} if len(latest) == 2 else {}


@permission_required(ARCHIVE)
@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest) -> HttpResponseBase:
    """Ask for the days, then send their archive while it is made."""
    staff = cast(StaffRequest, request)
    sealed = closings.sealed_until()
    form = ArchiveForm(request.POST or None, initial={"du": closings.first_day(), "au": sealed})
    if request.method == "POST" and form.is_valid():
        try:
            span = announce_archive(since=form.cleaned_data["du"], until=form.cleaned_data["au"], acteur=staff.acteur)
        except BusinessError as error:
            form.add_error(error.field, str(error))
        except MasterSecretError:
            messages.error(request, _("Archive impossible : le secret des clés de signature n’est pas lisible."))
        else:
            blocks = stream_archive(tenant_id=staff.tenant.pk, span=span, acteur=staff.acteur)
            response = StreamingHttpResponse(blocks, content_type="application/zip")
            name = f"chaine-{staff.tenant.slug}-{span.since}-{span.until}.zip"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    context = {
        "form": form,
        "sealed": sealed,
        "cautions": chain_cautions(),
        "keys": FiscalKey.objects.order_by("key_id"),
    }
    return render(request, "fiscal/archive.html", context, status=422 if request.method == "POST" else 200)


@permission_required(PROVE)
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """Download verify.py."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response
