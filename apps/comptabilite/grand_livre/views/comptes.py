"""The chart of accounts and the ledger of one account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.comptabilite.grand_livre import selectors
from apps.comptabilite.grand_livre.forms import FiltrePlan
from apps.comptabilite.grand_livre.models import CompteComptable
from apps.comptabilite.grand_livre.views.periode import Choix, choix_de
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import page_of


@permission_required("comptabilite.view_comptecomptable")
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """List accounts by number, to open the ledger of one."""
    filtre = FiltrePlan(request.GET)
    texte = filtre.cleaned_data["q"] if filtre.is_valid() else ""
    contexte = {"filtre": filtre, "texte": texte, "page": page_of(request, selectors.comptes(texte), per_page=50)}
    return render(request, "comptabilite/grand_livre/plan.html", contexte)


@permission_required("comptabilite.view_ecriture")
@require_safe
def grand_livre(request: HttpRequest, numero: str) -> HttpResponse:
    """Show an account's lines with the running balance; `?format=csv` exports all its pages."""
    try:
        compte = CompteComptable.objects.select_related("compte_parent").get(numero=numero)
    except CompteComptable.DoesNotExist as erreur:
        raise Http404 from erreur
    devise = cast(StaffRequest, request).tenant.currency
    choix = choix_de(request)
    if request.GET.get("format") == "csv":
        return _exporter(compte, choix, devise)
    page = request.GET.get("page", "1")
    livre = selectors.grand_livre(
        compte,
        choix.debut,
        choix.fin,
        devise=devise,
        statuts=choix.statuts,
        page=int(page) if page.isdecimal() else 1,
    )
    contexte = {
        "choix": choix,
        "livre": livre,
        "page": selectors.en_page(livre),
        "vierge": not livre.nombre and selectors.sans_ecriture(),
        "devise": devise,
    }
    return render(request, "comptabilite/grand_livre/compte.html", contexte)


def _exporter(compte: CompteComptable, choix: Choix, devise: str) -> HttpResponse:
    def rangs() -> Iterator[list[Any]]:
        options = {"devise": devise, "statuts": choix.statuts, "par_page": 1000}
        livre = selectors.grand_livre(compte, choix.debut, choix.fin, **options)
        yield [choix.debut, "", "", "", "", _("Solde d’ouverture"), None, None, livre.ouverture, devise]
        for page in range(1, livre.pages + 1):
            for vue in selectors.grand_livre(compte, choix.debut, choix.fin, page=page, **options).lignes:
                ligne = vue.ligne
                yield [
                    ligne.jour, ligne.ecriture.journal.code, ligne.ecriture.numero_ecriture or "",
                    ligne.ecriture.piece_justificative, ligne.compte.numero_affiche, ligne.libelle, ligne.montant_debit,
                    ligne.montant_credit, vue.solde, devise,
                ]  # fmt: skip

    titres = [
        _("Date"), _("Journal"), _("Numéro"), _("Pièce"), _("Compte"), _("Libellé"), _("Débit"), _("Crédit"), _("Solde"),
        _("Devise"),
    ]  # fmt: skip
    return csv_response(f"grand-livre-{compte.numero_affiche}", titres, rangs)
