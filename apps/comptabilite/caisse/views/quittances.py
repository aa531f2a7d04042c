"""Receipts: their list and its export, one receipt with what it left behind, its paper."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from apps.comptabilite.caisse.forms import FiltreForm
from apps.comptabilite.caisse.impression import pdf_de_quittance
from apps.comptabilite.caisse.listes import quittances_filtrees, recettes_par_moyen, total_quittances
from apps.comptabilite.caisse.models import DuplicataQuittance, PaiementQuittance, Quittance
from apps.comptabilite.caisse.services.reimprimer_quittance import reimprimer_quittance
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import now
from apps.socle.facts import traces
from apps.socle.models import Fait
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import ordered, page_of

VOIR = "comptabilite.view_quittance"
REIMPRIMER = "comptabilite.reimprimer_quittance"
ORIGINAL_PENDANT = timedelta(minutes=15)
"""How long the cashier who issued a receipt may print it as the original; afterwards it is a duplicate."""
TITRES = (
    _("Quittance"), _("Date"), _("Numéro du patient"), _("Patient"), _("Facture"), _("Caisse"), _("Caissier"), _("Moyens"),
    _("Montant"), _("Devise"),
)  # fmt: skip
COLONNES = {
    "date": "date_paiement",
    "numero": "numero_quittance",
    "montant": "montant_paye",
    "patient": "session__patient__cle_recherche",
}


@permission_required(VOIR)
@require_GET
def quittances(request: HttpRequest) -> HttpResponse:
    """List receipts with their means; totals cover all pages."""
    staff = cast(StaffRequest, request)
    filtre = FiltreForm(request)
    trouvees = quittances_filtrees(filtre.chosen, staff.tenant.time_zone)
    page = page_of(request, ordered(_avec_details(trouvees), request, COLONNES, "-date"))
    paiements = PaiementQuittance.objects.filter(quittance__in=trouvees.order_by().values("pk"))
    contexte = {
        "filtre": filtre,
        "page": page,
        "vierge": not page.object_list and not Quittance.objects.exists(),
        "total": total_quittances(trouvees),
        "par_moyen": [ligne for ligne in recettes_par_moyen(paiements) if ligne[2].nombre],
        "devise": staff.tenant.currency,
    }
    return render(request, "comptabilite/caisse/quittances.html", contexte)


def _avec_details(trouvees: Any) -> Any:
    paiements = PaiementQuittance.objects.order_by("ordre")
    relations = ("session__patient", "caissier", "session_caisse__caisse", "facture__invoice")
    return trouvees.select_related(*relations).prefetch_related(Prefetch("paiements", queryset=paiements))


@permission_required(VOIR)
@require_GET
def quittance(request: HttpRequest, quittance_id: uuid.UUID) -> HttpResponse:
    """Show a receipt and what the franc left: payments, allocation, entries, movement, link of the chain."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(_avec_details(Quittance.objects.all()), pk=quittance_id)
    paiements = _en_montants(trouvee.donnees["paiements"], "montant", "recu", "rendu")
    contexte = {
        "quittance": trouvee,
        "paiements": paiements,
        "a_rendre": sum((paiement["rendu"] or Decimal(0) for paiement in paiements), Decimal(0)),
        "lignes": _en_montants(trouvee.donnees["lignes"], "quantite", "prix_unitaire", "montant"),
        "reste_du": Decimal(trouvee.donnees["reste_du"]),
        "neuve": request.GET.get("neuve") == "1" and _original_permis(trouvee, staff),
        "original": _original_permis(trouvee, staff),
        "duplicatas": trouvee.duplicatas.order_by("rang"),
        "traces": [trace for fait in _faits(trouvee) for trace in traces(fait)],
        "donnees": trouvee.donnees,
        "peut_reimprimer": request.user.has_perm(REIMPRIMER),
        "devise": trouvee.devise,
    }
    return render(request, "comptabilite/caisse/quittance.html", contexte)


def _en_montants(lus: list[dict[str, Any]], *noms: str) -> list[dict[str, Any]]:
    """Return rows of the snapshot with their amounts, kept as text, as numbers."""
    return [{**lu, **{nom: Decimal(lu[nom]) if lu[nom] is not None else None for nom in noms}} for lu in lus]


def _faits(quittance: Quittance) -> list[uuid.UUID]:
    return list(
        Fait.objects.filter(source_type=Quittance._meta.label, source_id=quittance.id).values_list("pk", flat=True)
    )


def _original_permis(quittance: Quittance, staff: StaffRequest) -> bool:
    """Tell whether this person may still print the original: the issuing cashier, just after."""
    sienne = quittance.caissier_id == staff.acteur.id
    return sienne and now() - quittance.date_paiement <= ORIGINAL_PENDANT


@permission_required(VOIR)
@require_GET
def original(request: HttpRequest, quittance_id: uuid.UUID) -> HttpResponse:
    """Return the paper as it was first handed over; only to its cashier, for a quarter of an hour."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(Quittance.objects, pk=quittance_id)
    if not _original_permis(trouvee, staff):
        raise Http404
    return _pdf(trouvee, None)


@permission_required(REIMPRIMER)
@require_POST
def reimprimer(request: HttpRequest, quittance_id: uuid.UUID) -> HttpResponse:
    """Record a reprint and lead to its paper."""
    staff = cast(StaffRequest, request)
    try:
        duplicata = reimprimer_quittance(quittance_id=quittance_id, acteur=staff.acteur)
    except Quittance.DoesNotExist as absente:
        raise Http404 from absente
    return HttpResponseRedirect(reverse("caisse:duplicata", args=[quittance_id, duplicata.rang]))


@permission_required(VOIR)
@require_GET
def duplicata(request: HttpRequest, quittance_id: uuid.UUID, rang: int) -> HttpResponse:
    """Return the paper of the reprint numbered `rang`."""
    trouvee = get_object_or_404(Quittance.objects, pk=quittance_id)
    reprise = get_object_or_404(trouvee.duplicatas, rang=rang)
    return _pdf(trouvee, reprise)


def _pdf(quittance: Quittance, duplicata: DuplicataQuittance | None) -> HttpResponse:
    suffixe = f"-duplicata-{duplicata.rang}" if duplicata else ""
    return HttpResponse(
        pdf_de_quittance(quittance, duplicata),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{quittance.numero_quittance}{suffixe}.pdf"',
            "Cache-Control": "no-store",
        },
    )


@permission_required(VOIR)
@require_GET
def exporter(request: HttpRequest) -> StreamingHttpResponse:
    """Return the filtered list, all pages, as CSV; its amounts add up to the total of the screen."""
    staff = cast(StaffRequest, request)
    filtre = FiltreForm(request)
    valeurs, fuseau = filtre.chosen, staff.tenant.time_zone

    def rangees() -> Iterator[list[Any]]:
        for trouvee in (
            _avec_details(quittances_filtrees(valeurs, fuseau)).order_by("date_paiement", "id").iterator(chunk_size=500)
        ):
            yield _rangee(trouvee)

    return csv_response("quittances", [str(titre) for titre in TITRES], rangees)


def _rangee(quittance: Quittance) -> list[Any]:
    patient = quittance.session.patient
    return [
        quittance.numero_quittance,
        quittance.date_paiement,
        patient.numero,
        patient.nom_complet,
        quittance.facture.invoice.invoice_number,
        quittance.session_caisse.caisse.code,
        quittance.caissier.full_name,
        ", ".join(str(paiement.get_moyen_display()) for paiement in quittance.paiements.all()),
        quittance.montant_paye,
        quittance.devise,
    ]
