"""The balance, on screen, on paper and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.comptabilite.grand_livre import selectors
from apps.comptabilite.grand_livre.selectors.balance import COLONNES
from apps.comptabilite.grand_livre.views.periode import Choix, choix_de
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.screens.exports import csv_response


@permission_required("comptabilite.view_ecriture")
@require_safe
def balance(request: HttpRequest) -> HttpResponse:
    """Show opening, movements and closing of each account that has any; `?format=csv` exports the accounts."""
    devise = cast(StaffRequest, request).tenant.currency
    choix = choix_de(request)
    if request.GET.get("format") == "csv":
        return _exporter(choix, devise)
    vue = selectors.balance(choix.debut, choix.fin, choix.statuts, devise=devise)
    vierge = not vue.lignes and selectors.sans_ecriture()
    contexte = {"choix": choix, "balance": vue, "vierge": vierge, "devise": devise}
    return render(request, "comptabilite/grand_livre/balance.html", contexte)


def _exporter(choix: Choix, devise: str) -> HttpResponse:
    def rangs() -> Iterator[list[Any]]:
        vue = selectors.balance(choix.debut, choix.fin, choix.statuts, devise=devise)
        for ligne in vue.lignes:
            if ligne.imputable:  # headings would be counted twice by whoever sums the file
                yield [ligne.numero_affiche, ligne.libelle, *(getattr(ligne, nom) for nom in COLONNES), devise]
        yield ["", _("Total"), *(getattr(vue.total, nom) for nom in COLONNES), devise]

    titres = [
        _("Compte"), _("Intitulé"), _("Ouverture débit"), _("Ouverture crédit"), _("Mouvements débit"),
        _("Mouvements crédit"), _("Solde débit"), _("Solde crédit"), _("Devise"),
    ]  # fmt: skip
    return csv_response(f"balance-{choix.debut:%Y%m%d}-{choix.fin:%Y%m%d}", titres, rangs)
