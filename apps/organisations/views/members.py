"""The members of an establishment: who, in which role, since when; nothing of what is the person's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.organisations import handover, selectors
from apps.organisations.forms import MemberForm, RoleForm
from apps.organisations.invitations import send_invitation
from apps.organisations.models import Membership
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.organisations.services import members
from apps.organisations.trail import steps_of
from apps.socle.errors import BusinessError
from apps.socle.screens.lists import page_of

MANAGE = "organisations.gerer_membres"


def _membership(membership_id: uuid.UUID) -> Membership:
    return get_object_or_404(selectors.members(), pk=membership_id)


@permission_required(MANAGE)
@require_safe
def members_list(request: HttpRequest) -> HttpResponse:
    """List the members, open accesses first."""
    return render(request, "organisations/membres.html", {"page": page_of(request, selectors.members_by_name())})


@never_cache
@permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add a member: by e-mail (a link is sent), or by a short name (a password for one use is shown once)."""
    staff = cast(StaffRequest, request)
    form = MemberForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, "membre_ajouter", form)
    try:
        added = members.add_member(acteur=staff.acteur, **form.cleaned_data)
    except BusinessError as refusal:
        return _page(request, "membre_ajouter", form, refusal)
    if added.one_time_password:
        return _hand_over(request, added.membership, added.one_time_password)
    user = added.membership.user
    if added.is_new_account:
        transaction.on_commit(lambda: send_invitation(request, user, staff.tenant), robust=True)
        messages.success(request, _("%s est membre ; un courrier part à son adresse.") % user.full_name)
    else:
        messages.success(request, _("%s est membre, avec le compte que cette personne avait déjà.") % user.full_name)
    return HttpResponseRedirect(reverse("membres:liste"))


@permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Show a membership and its history; give another role."""
    staff, found = cast(StaffRequest, request), _membership(membership_id)
    form = RoleForm(request.POST or None, initial={"role": found.role.name})
    context = {"member": found, "steps": steps_of(selectors.trail_of_member(found))}
    if request.method != "POST" or not form.is_valid():
        return _page(request, "membre", form, **context)
    try:
        members.change_role(membership_id=found.pk, role=form.cleaned_data["role"], acteur=staff.acteur)
    except BusinessError as refusal:
        return _page(request, "membre", form, refusal, **context)
    messages.success(request, _("Le rôle est changé."))
    return HttpResponseRedirect(reverse("membres:membre", args=[found.pk]))


def _page(
    request: HttpRequest, name: str, form: forms.Form, refusal: BusinessError | None = None, **context: Any
) -> HttpResponse:
    """Draw the form's page, 422 with what is wrong beside the fields."""
    if refusal is not None:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, forms.ValidationError(str(refusal), code=refusal.code))
    status = (refusal.status if refusal else 422) if form.is_bound else 200
    return render(request, f"organisations/{name}.html", {"form": form, **context}, status=status)


@permission_required(MANAGE)
@require_POST
def close(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """End a membership."""
    return _do(request, membership_id, members.deactivate_member, _("L’accès est fermé."))


@permission_required(MANAGE)
@require_POST
def reopen(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Open an ended membership again."""
    return _do(request, membership_id, members.reactivate_member, _("L’accès est rouvert."))


def _do(request: HttpRequest, membership_id: uuid.UUID, service: Callable[..., Membership], done: str) -> HttpResponse:
    """Call the service and go back to the member's page, with its refusal as a message."""
    found = _membership(membership_id)
    try:
        service(membership_id=found.pk, acteur=cast(StaffRequest, request).acteur)
        messages.success(request, done)
    except BusinessError as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("membres:membre", args=[found.pk]))


@never_cache
@permission_required(MANAGE)
@require_POST
def reset_password(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Issue a new password for one use, for an account without e-mail, and lead to the page that shows it once."""
    found = _membership(membership_id)
    try:
        password = members.reset_password_once(membership_id=found.pk, acteur=cast(StaffRequest, request).acteur)
    except BusinessError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("membres:membre", args=[found.pk]))
    return _hand_over(request, found, password)


def _hand_over(request: HttpRequest, membership: Membership, password: str) -> HttpResponse:
    handover.hand_over(request.session, membership.pk, password)
    return HttpResponseRedirect(reverse("membres:mot_de_passe_remis", args=[membership.pk]))


@never_cache
@permission_required(MANAGE)
@require_GET
def handed_over(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Show the password that this session has just issued, once; asked again, say so and offer to issue another."""
    found = _membership(membership_id)
    if found.user.email:
        return HttpResponseRedirect(reverse("membres:membre", args=[found.pk]))
    password = handover.take(request.session, found.pk)
    context = {"member": found, "password": password, "hours": members.ONE_TIME_LIFE // timedelta(hours=1)}
    return render(request, "organisations/membre_mot_de_passe.html", context)
