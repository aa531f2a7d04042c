"""Addresses of third parties' accounts, under `/<slug>/tiers/`."""

from django.urls import path

from apps.mouvements.views import tiers

app_name = "mouvements"
urlpatterns = [
    path("", tiers.liste, name="tiers"),
    path("<uuid:tiers_id>/", tiers.compte, name="compte"),
    path("mouvements/<uuid:mouvement_id>/ecriture/", tiers.ecriture, name="ecriture"),
]
