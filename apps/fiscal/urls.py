"""Addresses of the chain, under `/<slug>/chaine/`."""

from django.urls import path

from apps.fiscal.views import chain

app_name = "fiscal"
urlpatterns = [
    path("", chain.chain, name="chain"),
    path("<int:sequence_number>/", chain.link, name="link"),
    path("verifier/", chain.verify, name="verify"),
    path("verifications/", chain.checks, name="checks"),
]
