"""What acts and exams cost, on a day; changing it from a day on."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.hospital import selectors
from apps.hospital.forms import FiltreTarifs, TarifForm, poser_erreur
from apps.hospital.models.tarif import Tarif
from apps.hospital.services import enregistrer_tarif
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.screens.lists import page_of

VOIR, FIXER = "hospital.view_hospitalacttarif", "hospital.enregistrer_tarif"
RESULTATS = 10


def _aujourdhui(request: HttpRequest) -> dt.date:
    return local_date(cast(StaffRequest, request).tenant.time_zone)


@permission_required(VOIR)
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """List the tariffs of a day, today unless told otherwise."""
    aujourdhui = _aujourdhui(request)
    filtre = FiltreTarifs(request.GET or None, initial={"le": aujourdhui})
    choix = filtre.cleaned_data if filtre.is_valid() else {}
    le = choix.get("le") or aujourdhui
    tarifs = selectors.tarifs_du_jour(choix.get("q", ""), le, choix.get("type", ""))
    contexte = {
        "filtre": filtre,
        "le": le,
        "page": page_of(request, tarifs),
        "vierge": not tarifs and selectors.sans_tarif(),
        "devise": cast(StaffRequest, request).tenant.currency,
        "peut_fixer": request.user.has_perm(FIXER),
    }
    return render(request, "hospital/tarifs.html", contexte)


@permission_required(VOIR)
@require_safe
def recherche(request: HttpRequest) -> HttpResponse:
    """Return today's first tariffs for `q` as the lines of a list, for whichever screen asks."""
    q = request.GET.get("q", "")[:100].strip()
    tarifs = selectors.chercher_tarifs(q, _aujourdhui(request), RESULTATS) if q else []
    vierge = bool(q) and not tarifs and selectors.sans_tarif()
    return render(request, "hospital/_resultats_tarifs.html", {"q": q, "tarifs": tarifs, "vierge": vierge})


def _tarif(tarif_id: uuid.UUID) -> Tarif:
    tarif = selectors.tarif_par_id(tarif_id)
    if tarif is None:
        raise Http404
    return tarif


@permission_required(VOIR)
@require_safe
def tarif(request: HttpRequest, tarif_id: uuid.UUID) -> HttpResponse:
    """Show every tariff that a code has had, has and will have, and who set it."""
    demande = _tarif(tarif_id)
    contexte = {
        "tarif": demande,
        "periodes": selectors.periodes_du_code(demande.code, _aujourdhui(request)),
        "peut_fixer": request.user.has_perm(FIXER),
    }
    return render(request, "hospital/tarif.html", contexte)


@permission_required(FIXER)
@require_http_methods(["GET", "POST"])
def creer(request: HttpRequest) -> HttpResponse:
    """Set the tariff of a new code."""
    form = TarifForm(request.POST or None, initial={"valide_du": _aujourdhui(request)})
    return _traiter(request, form, None)


@permission_required(FIXER)
@require_http_methods(["GET", "POST"])
def changer(request: HttpRequest, tarif_id: uuid.UUID) -> HttpResponse:
    """Change what a code costs from a day on: the old tariff ends the day before."""
    actuel = _tarif(tarif_id)
    connu = ("code", "nom", "type_recette", "service", "montant", "description")
    initial: dict[str, Any] = {champ: getattr(actuel, champ) for champ in connu}
    initial["valide_du"] = _aujourdhui(request) + dt.timedelta(days=1)
    return _traiter(request, TarifForm(request.POST or None, initial=initial, code_fixe=True), actuel)


def _traiter(request: HttpRequest, form: TarifForm, actuel: Tarif | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            nouveau = enregistrer_tarif(acteur=cast(StaffRequest, request).acteur, **form.cleaned_data)
        except BusinessError as refus:
            poser_erreur(form, refus)
        else:
            jour = f"{nouveau.valide_du:%d/%m/%Y}"
            messages.success(
                request, _("%(code)s : nouveau tarif à partir du %(jour)s.") % {"code": nouveau.code, "jour": jour}
            )
            return HttpResponseRedirect(reverse("hospital:tarif", args=[nouveau.pk]))
    contexte = {
        "form": form,
        "tarif": actuel,
        "retour": reverse("hospital:tarif", args=[actuel.pk]) if actuel else reverse("hospital:tarifs"),
    }
    return render(request, "hospital/tarif_formulaire.html", contexte, status=200 if request.method == "GET" else 422)
