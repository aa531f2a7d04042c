"""Addresses of patients, visits and tariffs, under `/<slug>/patients/`."""

from django.urls import path

from apps.hospital.views import patients, tarifs, visites

app_name = "hospital"
urlpatterns = [
    path("", patients.liste, name="patients"),
    path("recherche/", patients.recherche, name="patient_recherche"),
    path("nouveau/", patients.creer, name="patient_creer"),
    path("<uuid:patient_id>/", patients.fiche, name="patient"),
    path("<uuid:patient_id>/modifier/", patients.modifier, name="patient_modifier"),
    path("visites/<uuid:session_id>/", visites.visite, name="visite"),
    path("visites/<uuid:session_id>/fermer/", visites.fermer, name="visite_fermer"),
    path("visites/<uuid:session_id>/confirmer/", visites.confirmer, name="visite_confirmer"),
    path("tarifs/", tarifs.liste, name="tarifs"),
    path("tarifs/recherche/", tarifs.recherche, name="tarif_recherche"),
    path("tarifs/nouveau/", tarifs.creer, name="tarif_creer"),
    path("tarifs/<uuid:tarif_id>/", tarifs.tarif, name="tarif"),
    path("tarifs/<uuid:tarif_id>/changer/", tarifs.changer, name="tarif_changer"),
]
