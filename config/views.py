"""Pages of the house as a whole."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in French that the form is too old or came from elsewhere."""
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)
