"""Pages of the house as a whole: refusals and errors, the choice of theme."""

from __future__ import annotations

import logging

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.socle.errors import BusinessError
from apps.socle.screens.theme import THEME_COOKIE, THEMES, theme_of

log = logging.getLogger(__name__)
YEAR = 365 * 24 * 3600
# What remains when even the page of the error cannot be drawn.
LAST_RESORT = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Erreur · Cauris</title>'
    "<h1>Quelque chose s’est mal passé chez nous</h1><p>L’opération en cours a été annulée en entier.</p>"
    '<p><a href="/">Revenir à l’accueil</a></p></html>'
)


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    """Draw an error's page without context processors, database or hashed file names."""
    values = {"theme": theme_of(request), "reference": getattr(request, "request_id", ""), **context}
    try:
        return HttpResponse(render_to_string(template, values), status=status)
    except Exception:
        log.exception("error page %s cannot be drawn", template)
        return HttpResponse(LAST_RESORT, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request could not be read."""
    return _page(request, "errors/400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: this role may not; the sentence is the refused command's own where there is one."""
    motive = str(exception) if isinstance(exception, BusinessError) else ""
    return _page(request, "errors/403.html", 403, motif=motive)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing there, or nothing there for this person."""
    return _page(request, "errors/404.html", 404)


def closed_door(request: HttpRequest, key: str = "") -> HttpResponse:
    """404: a page that a library offers and the house does not."""
    raise Http404


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429: allauth counted too many attempts."""
    return _page(request, "errors/429.html", 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; nothing was half-written."""
    return _page(request, "errors/500.html", 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in French that the form is too old or came from elsewhere."""
    return _page(request, "errors/csrf.html", 403)


def refusal(request: HttpRequest, error: BusinessError) -> HttpResponse:
    """Say a command's refusal that no screen put beside its field: a page, or a band for htmx."""
    if getattr(request, "htmx", False):
        band = render_to_string("composants/refus.html", {"motif": str(error)})
        return HttpResponse(band, status=error.status, headers={"HX-Retarget": "#annonces", "HX-Reswap": "innerHTML"})
    if error.status == 403:
        return permission_denied(request, error)
    return _page(
        request,
        "errors/refus.html",
        error.status,
        motif=str(error),
        retour=_here(request, request.headers.get("Referer", "")),
    )


def _here(request: HttpRequest, address: str) -> str:
    """Return `address` when it is one of this site, the first page otherwise."""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours else "/"


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie and go back to the page, script or not."""
    response = HttpResponseRedirect(_here(request, request.POST.get("next", "")), status=303)
    theme = request.POST.get("theme", "auto")
    if theme in THEMES and theme != "auto":
        response.set_cookie(
            THEME_COOKIE, theme, max_age=YEAR, path="/", secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(THEME_COOKIE, path="/", samesite="Lax")
    return response
