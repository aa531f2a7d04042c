"""A visit: what was given, who confirms it, when it ends."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.hospital import selectors
from apps.hospital.choices import StatutPrestation
from apps.hospital.models import Session
from apps.hospital.services import fermer_session, valider_prestations
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest


def _visite(session_id: uuid.UUID) -> Session:
    return get_object_or_404(Session.objects.select_related("patient", "service"), pk=session_id)


@permission_required("hospital.view_session")
@require_safe
def visite(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Show a visit, the prestations given and their total, in the tenant's currency."""
    session = _visite(session_id)
    prestations = selectors.prestations_de_la_visite(session.pk)
    en_attente = any(p.statut == StatutPrestation.PENDING for p in prestations)
    contexte = {
        "visite": session,
        "prestations": prestations,
        "total": sum((p.montant_total for p in prestations), start=selectors.ZERO),
        "devise": cast(StaffRequest, request).tenant.currency,
        "peut_voir_facture": request.user.has_perm("facturation.view_invoice"),
        "peut_confirmer": en_attente and request.user.has_perm("hospital.valider_prestation"),
        "peut_fermer": session.fermee_le is None and request.user.has_perm("hospital.change_session"),
    }
    return render(request, "hospital/visite.html", contexte)


@permission_required("hospital.change_session")
@require_POST
def fermer(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Close a visit. A second person who closes it reads so (409)."""
    session = _visite(session_id)
    fermer_session(session_id=session.pk, acteur=cast(StaffRequest, request).acteur)
    messages.success(request, _("Visite %s fermée.") % session.numero)
    return HttpResponseRedirect(reverse("hospital:visite", args=[session.pk]))


@permission_required("hospital.valider_prestation")
@require_POST
def confirmer(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Confirm that the care of a visit that still waits was given."""
    session = _visite(session_id)
    en_attente = [p.pk for p in selectors.prestations_de_la_visite(session.pk) if p.statut == StatutPrestation.PENDING]
    confirmees = valider_prestations(prestations=en_attente, acteur=cast(StaffRequest, request).acteur)
    nombre = len(confirmees)
    messages.success(request, ngettext("%d prestation confirmée.", "%d prestations confirmées.", nombre) % nombre)
    return HttpResponseRedirect(reverse("hospital:visite", args=[session.pk]))
