"""A command's refusal that no screen caught is said in French; it is never a 500."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.socle.errors import BusinessError
from config.views import refusal


class RefusalMiddleware:
    """Stands just outside the tenant's middleware, which has rolled the request back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request, exception) if isinstance(exception, BusinessError) else None
