"""Addresses of invoices, under `/<slug>/factures/`."""

from django.urls import path

from apps.facturation.views.invoice import invoice_detail

app_name = "facturation"
urlpatterns = [path("<uuid:invoice_id>/", invoice_detail, name="facture")]
