"""Public addresses: everything that belongs to no tenant. Staff addresses are in `urls_staff`."""

from django.urls import include, path

from apps.organisations.views.home import choose_tenant

urlpatterns = [
    path("", choose_tenant, name="choose_tenant"),
    path("compte/", include("allauth.urls")),
]
