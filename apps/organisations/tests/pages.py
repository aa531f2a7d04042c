"""Addresses and views for the tests of the middleware: each does one thing that a real one might."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from apps.organisations.models import Tiers
from apps.organisations.permissions import permission_required
from apps.socle.clock import now
from apps.socle.errors import BusinessError
from apps.socle.scope import current_scope
from apps.socle.screens.exports import csv_response
from config.urls import handler400, handler403, handler404, handler500, shared_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _write() -> None:
    Tiers.objects.create(code="ECRIT", nom="écrit", type="patient")


def look(request: Any) -> HttpResponse:
    """Say what the middleware hung on the request."""
    parts = [
        reverse("look"),
        request.path,
        request.path_info,
        str(current_scope()),
        str(request.tenant.pk),
        request.membership.role.name,
        request.acteur.label,
        request.acteur.role,
        str(request.acteur.ip),
        str(request.acteur.user_agent),
        timezone.localtime(now()).strftime("%Z"),
    ]
    return HttpResponse("\n".join(parts))


def write(request: HttpRequest) -> HttpResponse:
    _write()
    return HttpResponse(status=int(request.GET.get("status", "200")))


def write_and_raise(request: HttpRequest) -> HttpResponse:
    _write()
    raise {
        "404": Http404(),
        "403": PermissionDenied(),
        "500": ZeroDivisionError(),
        "refusal": BusinessError("La période est close.", code="period-closed"),
    }[request.GET["what"]]


def write_and_fail_to_draw(request: HttpRequest) -> HttpResponse:
    _write()
    return TemplateResponse(request, "no/such/template.html")


def stream_naively(request: HttpRequest) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        for tiers in Tiers.objects.order_by("code"):
            yield tiers.code

    return StreamingHttpResponse(lines())


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return csv_response("tiers", ["Code"], lambda: ([t.code] for t in Tiers.objects.order_by("code")))


@permission_required("organisations.gerer_membres")
def administrators_only(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("look/", look, name="look"),
    path("write/", write),
    path("write-and-raise/", write_and_raise),
    path("write-and-fail-to-draw/", write_and_fail_to_draw),
    path("stream-naively/", stream_naively),
    path("stream/", stream),
    path("administrators-only/", administrators_only),
    *shared_urlpatterns,
]
