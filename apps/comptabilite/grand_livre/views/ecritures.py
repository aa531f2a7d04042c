"""Entries: the list, validation, one with its origin, and journals by month."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.comptabilite.grand_livre import selectors
from apps.comptabilite.grand_livre.forms import FiltreEcritures
from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.grand_livre.transitions import A_VALIDER
from apps.comptabilite.grand_livre.views.periode import choix_de
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.facts import source_link, traces
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import Step, ordered, page_of, sort_key

LIRE, VALIDER = "comptabilite.view_ecriture", "comptabilite.valider_ecriture"
COLONNES = {"date": "date_ecriture", "journal": "journal__code", "piece": "piece_justificative", "montant": "montant"}


@permission_required(LIRE)
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """List entries; `?format=csv` exports the lines of the same entries."""
    if request.GET.get("format") == "csv":
        return _exporter(ordered(_filtrees(FiltreEcritures(request.GET)), request, COLONNES, "-date"))
    return _montrer(request)


def _filtrees(filtre: FiltreEcritures) -> QuerySet[Ecriture]:
    choix = filtre.chosen
    return selectors.ecritures(
        debut=choix.get("du"),
        fin=choix.get("au"),
        journal=choix.get("journal", ""),
        statut=choix.get("etat", ""),
        texte=choix.get("q", ""),
        clos_du=choix.get("clos_du"),
        clos_au=choix.get("clos_au"),
    )


def _montrer(request: HttpRequest, erreur: BusinessError | None = None) -> HttpResponse:
    filtre = FiltreEcritures(request.GET)
    ecritures = _filtrees(filtre)
    choix = filtre.cleaned_data if filtre.is_valid() else {}
    page = page_of(request, ordered(ecritures, request, COLONNES, "-date"))
    contexte = {
        "filtre": filtre,
        "clos_du": choix.get("clos_du"),
        "clos_au": choix.get("clos_au"),
        "page": page,
        "vierge": not page.object_list and selectors.sans_ecriture(),
        "tri": sort_key(request, COLONNES, "-date"),
        "totaux": selectors.totaux_des_ecritures(ecritures),
        "peut_valider": request.user.has_perm(VALIDER),
        "choisies": set(request.POST.getlist("e")),
        "erreur": erreur,
    }
    return render(request, "comptabilite/grand_livre/ecritures.html", contexte, status=erreur.status if erreur else 200)


@permission_required(VALIDER)
@require_POST
def valider(request: HttpRequest) -> HttpResponse:
    """Validate the ticked entries, or show the list again with the reason why not."""
    try:
        ids = [uuid.UUID(pk) for pk in request.POST.getlist("e")]
    except ValueError as erreur:
        raise Http404 from erreur
    try:
        numeros = valider_ecritures(ids=ids, acteur=cast(StaffRequest, request).acteur)
    except BusinessError as erreur:
        return _montrer(request, erreur)
    messages.success(
        request,
        ngettext("Écriture validée : %(n)s.", "%(nombre)d écritures validées, de %(n)s à %(fin)s.", len(numeros))
        % {"nombre": len(numeros), "n": numeros[0], "fin": numeros[-1]},
    )
    if request.POST.get("suite") == "ecriture" and len(ids) == 1:
        return HttpResponseRedirect(reverse("grand_livre:ecriture", args=ids))
    return HttpResponseRedirect(f"{reverse('grand_livre:ecritures')}?{request.GET.urlencode()}")


def _exporter(ecritures: QuerySet[Ecriture]) -> HttpResponse:
    def rangs() -> Iterator[list[Any]]:
        for e in selectors.avec_lignes(ecritures).iterator(chunk_size=500):
            for ligne in e.lignes.all():
                yield [
                    e.date_ecriture, e.journal.code, e.numero_ecriture or "", e.piece_justificative, ligne.compte.numero_affiche,
                    ligne.compte.libelle, ligne.tiers.code if ligne.tiers else "", ligne.libelle, ligne.montant_debit,
                    ligne.montant_credit, ligne.devise, e.get_statut_display(),
                ]  # fmt: skip

    titres = [
        _("Date"), _("Journal"), _("Numéro"), _("Pièce"), _("Compte"), _("Intitulé du compte"), _("Tiers"), _("Libellé"),
        _("Débit"), _("Crédit"), _("Devise"), _("État"),
    ]  # fmt: skip
    return csv_response("ecritures", titres, rangs)


@permission_required(LIRE)
@require_safe
def detail(request: HttpRequest, ecriture_id: uuid.UUID) -> HttpResponse:
    """Show one entry: lines, the document it comes from, what else that document made, its timeline."""
    try:
        ecriture = selectors.ecriture_avec_lignes(ecriture_id)
    except Ecriture.DoesNotExist as erreur:
        raise Http404 from erreur
    fait = ecriture.fait
    adresse = request.path
    contexte = {
        "ecriture": ecriture,
        "lignes": ecriture.lignes.all(),
        "origine": source_link(fait.source_type, fait.source_id) if fait else None,
        "voisines": [trace for trace in traces(fait.id) if trace.url != adresse] if fait else [],
        "etapes": _etapes(ecriture),
        "peut_valider": ecriture.statut == A_VALIDER and request.user.has_perm(VALIDER),
    }
    return render(request, "comptabilite/grand_livre/ecriture.html", contexte)


def _etapes(ecriture: Ecriture) -> list[Step]:
    etapes = [Step(_("Comptabilisée"), ecriture.auteur_libelle, ecriture.date_creation)]
    if ecriture.validee_le:
        par = ecriture.comptable.full_name if ecriture.comptable else ""
        etapes.append(Step(_("Validée"), par, ecriture.validee_le, ecriture.numero_ecriture or ""))
    return etapes


@permission_required(LIRE)
@require_safe
def centralisateur(request: HttpRequest) -> HttpResponse:
    """Each journal's months: how many entries, for how much, linked to the list that proves it."""
    choix = choix_de(request)
    lignes = selectors.centralisation(choix.debut, choix.fin, choix.statuts)
    vierge = not lignes and selectors.sans_ecriture()
    contexte = {"choix": choix, "lignes": lignes, "vierge": vierge, "totaux": selectors.totaux_par_devise(lignes)}
    return render(request, "comptabilite/grand_livre/centralisateur.html", contexte)
