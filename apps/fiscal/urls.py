"""Addresses of the chain, under `/<slug>/chaine/`."""

from django.urls import path

from apps.fiscal.views import anchors, chain, checks, proofs

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
    path("ancres/", anchors.anchors, name="anchors"),
    path("verifications/", checks.checks, name="checks"),
    path("verifications/<uuid:check_id>/", checks.check, name="check"),
    path("verifications/<uuid:check_id>/repondre/", checks.answer, name="answer"),
]
