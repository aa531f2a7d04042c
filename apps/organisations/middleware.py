"""From `/<slug>/…` to a member at work: tenant, membership, scope, zone, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from apps.organisations.forms import ESTABLISHMENT_COOKIE
from apps.organisations.models import Membership
from apps.organisations.reserved import RESERVED_SLUGS
from apps.organisations.selectors import FACTORS
from apps.socle.actors import Acteur, ActorKind
from apps.socle.middleware import client_ip
from apps.socle.models import TenantRegistry
from apps.socle.scope import scope, set_person

STAFF_URLCONF = "config.urls_staff"
GetResponse = Callable[[HttpRequest], HttpResponse]


class TenantMiddleware:
    """Opens the tenant named by the first segment of the path, for its members only.

    The slug moves into the script prefix, so that `reverse()` and the admin need no argument. The
    request is one transaction in scope; it is rolled back when the view raises, whatever page the
    exception becomes. A stranger gets 404, whether the tenant exists or not.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        slug = request.path_info.lstrip("/").partition("/")[0]
        if not slug or slug in RESERVED_SLUGS:
            return self.get_response(request)
        if not request.user.is_authenticated:
            return _sign_in(request)
        registry = TenantRegistry.objects.filter(slug=slug, is_active=True).first()
        if registry is None:
            raise Http404
        with scope(registry.tenant_id):
            return self._serve(request, registry)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Take back whatever the view wrote before it raised; lead to the page that asks who one is, where that is why."""
        if getattr(request, "tenant", None) is None:
            return None
        # allauth's middleware stands outside and would look up the ways to prove it when nothing can be read any more.
        answer = _prove_again(request) if isinstance(exception, ReauthenticationRequired) else None
        transaction.set_rollback(True)
        return answer

    def _serve(self, request: HttpRequest, registry: TenantRegistry) -> HttpResponse:
        set_person(request.user.pk)
        membership = (
            Membership.objects.filter(user=request.user, is_active=True)
            .select_related("tenant", "role", "user")
            .first()
        )
        if membership is None:
            raise Http404
        if first := _to_do_first(membership):
            return HttpResponseRedirect(f"{reverse(first)}?{urlencode({'next': request.get_full_path()})}")
        _dress(request, membership)
        former = get_script_prefix()
        prefix = f"{former.rstrip('/')}/{registry.slug}"
        set_script_prefix(f"{prefix}/")
        request.path_info = request.path_info[len(registry.slug) + 1 :] or "/"
        try:
            with timezone.override(ZoneInfo(registry.time_zone)):
                response = self.get_response(request)
        finally:
            set_script_prefix(former)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        response.set_cookie(
            ESTABLISHMENT_COOKIE,
            registry.slug,
            max_age=365 * 86400,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return response


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back; a fragment asked for by htmx leads the whole page there."""
    if request.headers.get("HX-Request") != "true":
        return redirect_to_login(request.get_full_path())
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    page = f"{here.path}?{here.query}" if here.query else here.path
    return HttpResponseClientRedirect(redirect_to_login(page or request.path).url)


def _prove_again(request: HttpRequest) -> HttpResponse:
    """Lead to the page that asks for the password or the code again, and back to the page that wanted it.

    A form that was sent is not kept to be sent again afterwards, as allauth would: it resolves addresses without
    their slug only. The person comes back to the form's page and decides anew.
    """
    methods = get_adapter().get_reauthentication_methods(request.user)
    door = methods[0]["url"] if methods else reverse("account_login")
    return HttpResponseRedirect(f"{door}?{urlencode({'next': request.get_full_path()})}")


def _to_do_first(membership: Membership) -> str | None:
    """Return the URL name of what stands between this person and her work: her own password, a second factor."""
    if membership.user.must_choose_password:
        return "account_change_password"
    wanted = membership.role.needs_second_factor and settings.SECOND_FACTOR == "required"
    return "mfa_activate_totp" if wanted and not is_mfa_enabled(membership.user, FACTORS) else None


def _dress(request: Any, membership: Membership) -> None:
    """Hang on the request what views rely on (see `StaffRequest`)."""
    request.tenant = membership.tenant
    request.membership = membership
    request.urlconf = STAFF_URLCONF
    request.acteur = Acteur(
        kind=ActorKind.USER,
        id=membership.user_id,
        label=membership.user.full_name or membership.user.username,
        role=membership.role.name,
        ip=client_ip(request) or None,
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:1000] or None,
    )
