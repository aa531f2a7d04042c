"""Who owes what, and one account with its movements."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.mouvements import selectors
from apps.mouvements.forms import FiltreMouvements, FiltreTiers
from apps.mouvements.models import MouvementFinancier
from apps.organisations.models import Tiers
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.facts import source_url, traces
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import ordered, page_of, sort_key

VOIR, EXPORTER = "mouvements.view_mouvementfinancier", "mouvements.exporter_mouvements"
COLONNES = {"nom": "cle_recherche", "code": "code", "solde": "solde"}


@permission_required(VOIR)
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """List third parties with their balance in the tenant's currency; `?format=csv` exports the same rows."""
    devise = cast(StaffRequest, request).tenant.currency
    filtre = FiltreTiers(request.GET)
    choix = filtre.cleaned_data if filtre.is_valid() else {}
    tiers = selectors.tiers_avec_solde(
        devise, q=choix.get("q", ""), type_tiers=choix.get("type", ""), sens=choix.get("solde", "")
    )
    rangs = ordered(tiers, request, COLONNES, default="nom")
    if request.GET.get("format") == "csv":
        return _exporter_tiers(request, rangs, devise)
    page = page_of(request, rangs)
    contexte = {
        "filtre": filtre,
        "page": page,
        "vierge": not page.object_list and not Tiers.objects.exists(),
        "tri": sort_key(request, COLONNES, "nom"),
        "total": selectors.total_des_soldes(tiers, devise),
        "devise": devise,
        "peut_exporter": request.user.has_perm(EXPORTER),
    }
    return render(request, "mouvements/tiers.html", contexte)


def _exporter_tiers(request: HttpRequest, tiers: QuerySet[Tiers], devise: str) -> HttpResponse:
    _verifier_export(request)

    def rangs() -> Iterator[list[Any]]:
        for t in tiers.iterator(chunk_size=1000):
            yield [t.code, t.nom, t.get_type_display(), t.telephone, t.solde, devise]

    titres = [_("Code"), _("Nom"), _("Type"), _("Téléphone"), _("Solde"), _("Devise")]
    return csv_response("tiers", titres, rangs)


def _verifier_export(request: HttpRequest) -> None:
    if not request.user.has_perm(EXPORTER):
        raise PermissionDenied


@permission_required(VOIR)
@require_safe
def compte(request: HttpRequest, tiers_id: uuid.UUID) -> HttpResponse:
    """Show one account: balances, movements with their running balance; `?format=csv` exports the same rows."""
    tiers = get_object_or_404(Tiers.objects.all(), pk=tiers_id)
    filtre = FiltreMouvements(request.GET)
    jours = {"du": filtre.chosen.get("du"), "au": filtre.chosen.get("au")}
    mouvements = selectors.mouvements_du_tiers(tiers.pk, **jours)
    if request.GET.get("format") == "csv":
        return _exporter_mouvements(request, tiers, mouvements)
    page = page_of(request, mouvements.reverse())
    contexte = {
        "tiers": tiers,
        "filtre": filtre,
        "soldes": list(selectors.soldes(tiers.pk)),
        "page": page,
        "vierge": not page.object_list and not any(jours.values()),
        "lignes": _lignes(page.object_list),
        "totaux": selectors.totaux_du_compte(tiers.pk, **jours),
        "peut_exporter": request.user.has_perm(EXPORTER),
    }
    return render(request, "mouvements/compte.html", contexte)


@permission_required(VOIR)
@require_safe
def ecriture(request: HttpRequest, mouvement_id: uuid.UUID) -> HttpResponse:
    """Lead to the entry that the ledger made of a movement's fact; 404 while it waits for its imputation."""
    mouvement = get_object_or_404(MouvementFinancier.objects.all(), pk=mouvement_id)
    trouvees = traces(mouvement.fait_id, subscriber="comptabilite")
    if not trouvees:
        raise Http404
    return HttpResponseRedirect(trouvees[0].url)


def _lignes(mouvements: Iterable[MouvementFinancier]) -> list[dict[str, Any]]:
    """Each movement with the address of its document."""
    return [{"m": m, "document": source_url(m.module_origine, uuid.UUID(m.reference_origine))} for m in mouvements]


def _exporter_mouvements(request: HttpRequest, tiers: Tiers, mouvements: QuerySet[MouvementFinancier]) -> HttpResponse:
    _verifier_export(request)

    def rangs() -> Iterator[list[Any]]:
        for m in mouvements.iterator(chunk_size=1000):
            yield [
                m.date_mouvement, m.get_type_mouvement_display(), m.numero_piece_comptable, m.motif, m.moyens,
                m.debit, m.credit, m.solde_apres, m.devise, m.get_statut_display(), m.acteur_libelle,
            ]  # fmt: skip

    titres = [
        _("Date"), _("Type"), _("Pièce"), _("Motif"), _("Moyen"), _("Débit"), _("Crédit"), _("Solde"), _("Devise"),
        _("Statut"), _("Acteur"),
    ]  # fmt: skip
    return csv_response(f"mouvements-{tiers.code}", titres, rangs)
