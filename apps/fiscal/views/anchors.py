"""The heads that were written outside the database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.fiscal import selectors
from apps.organisations.permissions import permission_required
from apps.socle.screens.lists import page_of


@permission_required("fiscal.view_fiscalanchor")
@require_safe
def anchors(request: HttpRequest) -> HttpResponse:
    """List the anchored heads, latest first: where each is, and what still waits."""
    return render(request, "fiscal/ancres.html", {"page": page_of(request, selectors.anchors())})
