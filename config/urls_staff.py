"""Addresses under `/<slug>/`: the tenant middleware moves the slug into the script prefix."""

from django.contrib import admin
from django.urls import include, path

from apps.organisations.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("compte/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
