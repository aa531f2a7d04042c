"""Addresses of the till, under `/<slug>/caisse/`."""

from django.urls import path

from apps.comptabilite.caisse.views import encaissement, facture, factures, quittances, reprises, session, sessions

app_name = "caisse"
urlpatterns = [
    path("", encaissement.encaisser, name="encaisser"),
    path("factures/", factures.factures, name="factures"),
    path("factures/traiter/", factures.traiter, name="traiter"),
    path("factures/export.csv", factures.exporter, name="exporter_factures"),
    path("factures/<uuid:facture_id>/", facture.facture, name="facture"),
    path("factures/<uuid:facture_id>/corriger/", facture.corriger, name="corriger"),
    path("factures/<uuid:facture_id>/encaisser/", encaissement.encaisser_la_facture, name="encaisser_facture"),
    path("quittances/", quittances.quittances, name="quittances"),
    path("quittances/export.csv", quittances.exporter, name="exporter_quittances"),
    path("quittances/<uuid:quittance_id>/", quittances.quittance, name="quittance"),
    path("quittances/<uuid:quittance_id>/original.pdf", quittances.original, name="original"),
    path("quittances/<uuid:quittance_id>/reimprimer/", quittances.reimprimer, name="reimprimer"),
    path("quittances/<uuid:quittance_id>/duplicata-<int:rang>.pdf", quittances.duplicata, name="duplicata"),
    path("reprises/", reprises.reprises, name="reprises"),
    path("reprises/<uuid:reprise_id>/", reprises.reprise, name="reprise"),
    path("reprises/<uuid:reprise_id>/conduire/", reprises.conduire, name="conduire_reprise"),
    path("reprises/<uuid:reprise_id>/rapport.csv", reprises.rapport, name="rapport_reprise"),
    path("ma-caisse/", session.ma_caisse, name="session"),
    path("ma-caisse/ouvrir/", session.ouvrir, name="ouvrir"),
    path("ma-caisse/fermer/", session.fermer, name="fermer"),
    path("sessions/<uuid:session_caisse_id>/", sessions.une_session, name="une_session"),
    path("regle-de-validation/", session.regle, name="regle"),
]
