"""Where one lands: the choice of establishment, and the home of one."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from apps.organisations.dashboard import blocks_for
from apps.organisations.requests import StaffRequest
from apps.organisations.selectors import tenants_of


@login_required
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Lead to the one establishment of this person, or list them."""
    with transaction.atomic():
        tenants = tenants_of(request.user.pk)
    if len(tenants) == 1:
        return HttpResponseRedirect(f"/{tenants[0].slug}/")
    return render(request, "organisations/choix.html", {"tenants": tenants})


def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for this member, block by block; a role with one job lands on it."""
    staff = cast(StaffRequest, request)
    blocks = blocks_for(staff)
    if len(blocks) == 1 and blocks[0].redirect_to:
        return HttpResponseRedirect(blocks[0].redirect_to)
    return render(request, "organisations/accueil.html", {"blocks": blocks})
