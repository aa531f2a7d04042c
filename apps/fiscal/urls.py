"""Addresses of the chain, under `/<slug>/chaine/`."""

from django.urls import path

from apps.fiscal.views import anchors, chain, checks

app_name = "fiscal"
urlpatterns = [
    path("", chain.chain, name="chain"),
    path("<int:sequence_number>/", chain.link, name="link"),
    path("verifier/", chain.verify, name="verify"),
    path("ancres/", anchors.anchors, name="anchors"),
    path("verifications/", checks.checks, name="checks"),
    path("verifications/<uuid:check_id>/", checks.check, name="check"),
    path("verifications/<uuid:check_id>/repondre/", checks.answer, name="answer"),
]
