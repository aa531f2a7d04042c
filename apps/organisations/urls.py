"""Addresses of the members of an establishment, under `/<slug>/membres/`."""

from django.urls import path

from apps.organisations.views import members

app_name = "membres"
urlpatterns = [
    path("", members.members_list, name="liste"),
    path("ajouter/", members.add, name="ajouter"),
    path("<uuid:membership_id>/", members.member, name="membre"),
    path("<uuid:membership_id>/fermer/", members.close, name="fermer"),
    path("<uuid:membership_id>/rouvrir/", members.reopen, name="rouvrir"),
    path("<uuid:membership_id>/mot-de-passe/", members.reset_password, name="mot_de_passe"),
    path("<uuid:membership_id>/mot-de-passe/remis/", members.handed_over, name="mot_de_passe_remis"),
]
