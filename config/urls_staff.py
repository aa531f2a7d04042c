"""Addresses under `/<slug>/`: the tenant middleware moves the slug into the script prefix."""

from django.contrib import admin
from django.urls import include, path

from apps.organisations.views.home import home
from config.urls import (  # the pages of refusal are the same on both sides
    handler400,
    handler403,
    handler404,
    handler429,
    handler500,
    shared_urlpatterns,
)

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [
    path("", home, name="home"),
    path("factures/", include("apps.facturation.urls")),
    path("patients/", include("apps.hospital.urls")),
    path("comptabilite/", include("apps.comptabilite.grand_livre.urls")),
    path("tiers/", include("apps.mouvements.urls")),
    path("caisse/", include("apps.comptabilite.caisse.urls")),
    path("chaine/", include("apps.fiscal.urls")),
    path("membres/", include("apps.organisations.urls")),
    path("admin/", admin.site.urls),
    *shared_urlpatterns,
]
