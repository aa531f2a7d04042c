"""Public addresses: everything that belongs to no tenant. Staff addresses are in `urls_staff`."""

from django.urls import include, path
from django.views.i18n import set_language

from apps.organisations.views.home import choose_tenant
from config import health, views

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler429 = "config.views.too_many_requests"
handler500 = "config.views.server_error"

# What a page of either side points to, under a slug or not.
shared_urlpatterns = [
    # allauth's doors that the house keeps shut: an address is not changed without proof, nobody signs in by a code.
    *(path(f"compte/{door}", views.closed_door) for door in ("email/", "confirm-email/", "confirm-email/<str:key>/")),
    *(path(f"compte/{door}", views.closed_door) for door in ("password/set/", "login/code/confirm/")),
    path("compte/", include("allauth.urls")),
    path("theme/", views.choose_theme, name="theme"),
    path("i18n/", set_language, name="set_language"),
]

urlpatterns = [
    path("", choose_tenant, name="choose_tenant"),
    path("sante/", health.overview, name="health"),
    path("sante/vivant/", health.live, name="live"),
    path("sante/pret/", health.ready, name="ready"),
    *shared_urlpatterns,
]
