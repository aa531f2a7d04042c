"""The verifications of the chain: all of them, one of them, and a person's answer to one that failed."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.fiscal import selectors
from apps.fiscal.forms import AnswerForm
from apps.fiscal.models import FiscalIntegrityCheck
from apps.fiscal.services.answer_failure import answer_failure
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.screens.lists import page_of

READ, ANSWER = "fiscal.view_fiscalintegritycheck", "fiscal.answer_failure"


@permission_required(READ)
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """List the verifications, latest first."""
    return render(request, "fiscal/verifications.html", {"page": page_of(request, selectors.checks())})


@permission_required(READ)
@require_safe
def check(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Show one verification: what it found, who answered and why, or the field for the answer."""
    return render(request, "fiscal/verification.html", _context(request, check_id, AnswerForm()))


@permission_required(ANSWER)
@require_POST
def answer(request: HttpRequest, check_id: UUID) -> HttpResponse:
    """Answer a failed verification, and those before it."""
    form = AnswerForm(request.POST)
    context = _context(request, check_id, form)
    if form.is_valid():
        try:
            made = answer_failure(
                check_id=check_id, reason=form.cleaned_data["reason"], acteur=cast(StaffRequest, request).acteur
            )
        except BusinessError as error:
            form.add_error(error.field, str(error))
        else:
            said = ngettext("Réponse enregistrée.", "Réponse enregistrée pour %(count)s vérifications.", len(made))
            messages.success(request, said % {"count": len(made)} if "%(" in said else said)
            return HttpResponseRedirect(reverse("fiscal:chain"), status=303)
    return render(request, "fiscal/verification.html", context, status=422)


def _context(request: HttpRequest, check_id: UUID, form: AnswerForm) -> dict[str, Any]:
    found = get_object_or_404(FiscalIntegrityCheck.objects.select_related("answer"), pk=check_id)
    waiting = selectors.unanswered_failures().filter(created_at__lte=found.created_at)
    unanswered = waiting.filter(pk=found.pk).exists()
    return {
        "check": found,
        "standing": selectors.standing_links(found),
        "answer": getattr(found, "answer", None),
        "form": form if unanswered and request.user.has_perm(ANSWER) else None,
        "unanswered": unanswered,
        "others": waiting.exclude(pk=found.pk).count() if unanswered else 0,
    }
