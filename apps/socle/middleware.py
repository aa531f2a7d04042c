"""Around each request: its id, and the row of the audit log that it leaves."""

from __future__ import annotations

import ipaddress
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse

from apps.socle.fields import uuid7
from apps.socle.redaction import redact, redact_text
from apps.socle.scope import scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MAX_BODY = 10_000
GetResponse = Callable[[HttpRequest], HttpResponse]


def client_ip(request: HttpRequest) -> str:
    """Return the client's address: the entry that our outermost proxy wrote, or the peer's; empty when it is none."""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    address = forwarded[-proxies] if proxies and len(forwarded) >= proxies else request.META.get("REMOTE_ADDR")
    try:
        return str(ipaddress.ip_address(str(address or "").partition("%")[0]))
    except ValueError:
        return ""


class RequestMiddleware:
    """Gives each request an id, which the answer and the error page carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid7()  # type: ignore[attr-defined]
        _refuse_unstorable(request)
        response = self.get_response(request)
        response["X-Request-Id"] = str(request.request_id)  # type: ignore[attr-defined]
        return response


def _refuse_unstorable(request: HttpRequest) -> None:
    """Raise BadRequest for NUL in a path or a cookie: PostgreSQL stores it nowhere.

    What a form sends is its fields' business; nobody types it into a path or a cookie.
    """
    said = (request.path_info, *request.COOKIES.values())
    if any("\x00" in text for text in said):
        raise BadRequest("NUL")


class AuditMiddleware:
    """Records each request that writes or is refused.

    It stands outside the middleware that opens the request's transaction, so that its own row
    stays when that transaction was rolled back.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        writes = request.method not in SAFE_METHODS
        body = _body_of(request) if writes else ""
        before = _person_of(request) if writes else None  # signing out leaves nobody behind
        response = self.get_response(request)
        if writes or response.status_code >= 400:
            person = _person_of(request) or before
            _record(request, response, body, person, int((time.monotonic() - started) * 1000))
        return response


def _body_of(request: HttpRequest) -> str:
    """Return the redacted body; of an upload only that it is one. What cannot be read is refused by the view."""
    if request.content_type == "multipart/form-data":
        return "[formulaire avec fichier]"
    try:
        if request.content_type == "application/json":
            return _text_of(json.loads(request.body))
        return _text_of(dict(request.POST.lists()))
    except (SuspiciousOperation, OSError, ValueError, RecursionError):
        return "[corps illisible]"


def _text_of(values: Any) -> str:
    """Return `values` as JSON, without secrets and without what a person wrote."""
    return _kept(json.dumps(redact(values, free_text=False), ensure_ascii=False), MAX_BODY)


def _kept(text: str, length: int) -> str:
    """Return `text` as PostgreSQL can keep it: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()[:length]


def _person_of(request: HttpRequest) -> uuid.UUID | None:
    user = getattr(request, "user", None)
    return user.pk if user is not None and user.is_authenticated else None


def _record(
    request: HttpRequest, response: HttpResponse, body: str, person: uuid.UUID | None, duration_ms: int
) -> None:
    from apps.socle.models import AuditLog

    tenant = getattr(request, "tenant", None)
    membership = getattr(request, "membership", None)
    row = AuditLog(
        tenant_id=tenant.id if tenant else None,
        request_id=request.request_id,  # type: ignore[attr-defined]
        method=_kept(request.method or "", 10),
        path=_kept(redact_text(request.path), 500),
        query_params=_text_of(dict(request.GET.lists())) if request.GET else "",
        user_id=person,
        user_role=membership.role.name if membership else "",
        client_ip=client_ip(request),
        user_agent=_kept(redact_text(request.META.get("HTTP_USER_AGENT", "")), 1000),
        status_code=response.status_code,
        request_body=body,
        response_body=_refusal_of(response),
        duration_ms=duration_ms,
    )
    _save(row, tenant.id if tenant else None)


def _save(row: Any, tenant_id: uuid.UUID | None) -> None:
    if tenant_id is None:
        row.save(force_insert=True)
        return
    with scope(tenant_id):
        row.save(force_insert=True)


def _refusal_of(response: HttpResponse) -> str:
    """Return the redacted problem document of a refused API call; nothing of any page."""
    if response.status_code < 400 or "json" not in response.get("Content-Type", ""):
        return ""
    try:
        problem = json.loads(response.content)
    except ValueError:
        return ""
    return (
        json.dumps({"code": problem.get("code"), "status": problem.get("status")}) if isinstance(problem, dict) else ""
    )
