"""Addresses of the chain, under `/<slug>/chaine/`."""

from django.urls import path, re_path

from apps.fiscal.views import anchors, chain, checks, closings, proofs

app_name = "fiscal"
urlpatterns = [
    path("", chain.chain, name="chain"),
    path("<int:sequence_number>/", chain.link, name="link"),
    path("<int:sequence_number>/preuve/", proofs.proof, name="proof"),
    path("<int:sequence_number>/preuve.json", proofs.proof_file, name="proof_file"),
    path("continuite/", proofs.continuity, name="continuity"),
    path("archive/", proofs.archive, name="archive"),
    path("verify.py", proofs.verifier, name="verifier"),
    path("verifier/", chain.verify, name="verify"),
    path("clotures/", closings.closings, name="closings"),
    path("clotures/heure/", closings.closing_hour, name="closing_hour"),
    path("clotures/<uuid:closing_id>/", closings.closing, name="closing"),
    re_path(r"^clotures/(?P<periodicity>jour|mois|annee)/(?P<day>\d{4}-\d\d-\d\d)/$", closings.close, name="close"),
    path("ancres/", anchors.anchors, name="anchors"),
    path("verifications/", checks.checks, name="checks"),
    path("verifications/<uuid:check_id>/", checks.check, name="check"),
    path("verifications/<uuid:check_id>/repondre/", checks.answer, name="answer"),
]
