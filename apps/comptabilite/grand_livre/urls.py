"""Addresses of the general ledger, under `/<slug>/comptabilite/`."""

from django.urls import path

from apps.comptabilite.grand_livre.views import balance, comptes, ecritures, imputations

app_name = "grand_livre"
urlpatterns = [
    path("ecritures/", ecritures.liste, name="ecritures"),
    path("ecritures/valider/", ecritures.valider, name="valider"),
    path("ecritures/<uuid:ecriture_id>/", ecritures.detail, name="ecriture"),
    path("centralisateur/", ecritures.centralisateur, name="centralisateur"),
    path("balance/", balance.balance, name="balance"),
    path("comptes/", comptes.plan, name="plan"),
    path("comptes/<str:numero>/", comptes.grand_livre, name="compte"),
    path("imputations/", imputations.liste, name="imputations"),
    path("imputations/comptabiliser/", imputations.comptabiliser_toutes, name="comptabiliser_toutes"),
    path("imputations/<uuid:attente_id>/", imputations.detail, name="imputation"),
    path("imputations/<uuid:attente_id>/regle/", imputations.ajouter_regle, name="ajouter_regle"),
    path("imputations/<uuid:attente_id>/comptabiliser/", imputations.comptabiliser, name="comptabiliser"),
    path("imputations/<uuid:attente_id>/exercice/", imputations.ouvrir_exercice, name="ouvrir_exercice"),
]
