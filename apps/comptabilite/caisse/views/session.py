"""« Ma caisse »: open it with a float, watch it, close it with a count; and the accountant's rule."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.comptabilite.caisse.forms import FermetureForm, OuvertureForm, RegleForm
from apps.comptabilite.caisse.listes import recettes_par_moyen
from apps.comptabilite.caisse.models import PaiementQuittance, RegleValidation, SessionCaisse
from apps.comptabilite.caisse.selectors import (
    caisses_libres,
    derniere_caisse_tenue,
    especes_attendues,
    regle_en_vigueur,
    session_ouverte,
    solde_de_caisse,
)
from apps.comptabilite.caisse.services.definir_regle_validation import definir_regle_validation
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.transitions import TENIR_CAISSE
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.idempotency import run_once
from apps.socle.screens.amounts import write_amount
from apps.socle.screens.lists import page_of
from apps.socle.templatetags.cauris import KEY_FIELD

DEFINIR_REGLE = "comptabilite.definir_reglevalidation"
VOIR_REGLE = "comptabilite.view_reglevalidation"


@permission_required(TENIR_CAISSE)
@require_GET
def ma_caisse(request: HttpRequest) -> HttpResponse:
    """Show the open session and its takings, or the form that opens one; then past sessions."""
    staff = cast(StaffRequest, request)
    session = session_ouverte(staff.acteur.id)
    if session is None:
        return _dessiner(staff, ouverture=_ouverture_proposee(staff))
    return _dessiner(staff, session=session, fermeture=FermetureForm(initial={"session": session.id}))


def _ouverture_proposee(staff: StaffRequest) -> OuvertureForm:
    """Propose the till that is being chosen, else the one this cashier held last, else the first free one.

    Its float is what it held when it was last counted, unless the person typed another than was proposed.
    """
    libres = {str(caisse.pk): caisse for caisse in caisses_libres().order_by("code")}
    siennes = (staff.GET.get("caisse", ""), str(derniere_caisse_tenue(staff.acteur.id)), *libres)
    caisse = next((libres[cle] for cle in siennes if cle in libres), None)
    tenu = write_amount(solde_de_caisse(caisse.pk) if caisse else Decimal(0))
    saisi, propose = (staff.GET.get(nom, "").strip()[:30] for nom in ("fonds", "propose"))
    initial = {"caisse": caisse, "fonds": tenu if saisi == propose else saisi, "propose": tenu}
    return OuvertureForm(devise=staff.tenant.currency, initial=initial)


@permission_required(TENIR_CAISSE)
@require_POST
def ouvrir(request: HttpRequest) -> HttpResponse:
    """Open a till; a second click finds the one that the first opened."""
    staff = cast(StaffRequest, request)
    form = OuvertureForm(request.POST, devise=staff.tenant.currency)
    if not form.is_valid():
        return _dessiner(staff, ouverture=form, status=422)
    caisse, fonds = form.cleaned_data["caisse"], form.cleaned_data["fonds"]
    try:
        _une_fois(
            staff,
            "caisse:ouvrir",
            form,
            lambda: ouvrir_session_caisse(caisse_id=caisse.id, fonds=fonds, acteur=staff.acteur).id,
        )
    except BusinessError as erreur:
        if session_ouverte(staff.acteur.id) is not None:  # another tab, or Back: what is open is shown
            messages.warning(request, str(erreur))
            return HttpResponseRedirect(reverse("caisse:session"))
        form.add_error(erreur.field if erreur.field in form.fields else None, str(erreur))
        return _dessiner(staff, ouverture=form, status=erreur.status)
    messages.success(request, _("La caisse %s est ouverte.") % caisse.code)
    return HttpResponseRedirect(reverse("caisse:encaisser"))


@permission_required(TENIR_CAISSE)
@require_POST
def fermer(request: HttpRequest) -> HttpResponse:
    """Close one's till with the count; a difference asks why, with both figures kept. A second click finds it closed."""
    staff = cast(StaffRequest, request)
    session = session_ouverte(staff.acteur.id)
    form = FermetureForm(request.POST)
    if form.is_valid():
        try:
            _une_fois(
                staff,
                "caisse:fermer",
                form,
                lambda: (
                    fermer_session_caisse(
                        session_caisse_id=form.cleaned_data["session"],
                        compte=form.cleaned_data["compte"],
                        motif_ecart=form.cleaned_data["motif_ecart"],
                        acteur=staff.acteur,
                    ).id
                ),
            )
        except SessionCaisse.DoesNotExist as absente:
            raise Http404 from absente
        except BusinessError as erreur:
            form.add_error(erreur.field if erreur.field in form.fields else None, str(erreur))
        else:
            messages.success(request, _("La caisse est fermée."))
            return HttpResponseRedirect(reverse("caisse:session"))
    if session is None:
        messages.warning(request, _("Votre caisse est déjà fermée."))
        return HttpResponseRedirect(reverse("caisse:session"))
    return _dessiner(staff, session=session, fermeture=form, status=422)


def _une_fois(staff: StaffRequest, route: str, form: forms.Form, function: Callable[[], uuid.UUID]) -> None:
    """Run `function` once for the key of this form and what it says."""
    corps = {nom: getattr(valeur, "pk", valeur) for nom, valeur in form.cleaned_data.items()}
    cle = staff.POST.get(KEY_FIELD, "")
    run_once(key=cle, route=route, acteur=staff.acteur, body=corps, function=function, wait=True)


def _dessiner(
    staff: StaffRequest,
    *,
    session: SessionCaisse | None = None,
    ouverture: OuvertureForm | None = None,
    fermeture: FermetureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    siennes = (
        SessionCaisse.objects.filter(caissier_id=staff.acteur.id)
        .select_related("caisse")
        .order_by("-ouverte_le", "-id")
    )
    contexte: dict[str, Any] = {
        "session": session,
        "ouverture": ouverture,
        "fermeture": fermeture,
        "page": page_of(staff, siennes.filter(fermee_le__isnull=False), per_page=10),
        "devise": staff.tenant.currency,
        "sans_caisse_libre": ouverture is not None and not caisses_libres().exists(),
    }
    if session is not None:
        paiements = PaiementQuittance.objects.filter(quittance__session_caisse=session)
        contexte |= {
            "par_moyen": recettes_par_moyen(paiements),
            "nombre_quittances": session.quittances.count(),
            "attendu": especes_attendues(session),
        }
    page = "_ouverture" if staff.htmx and session is None else "session"
    return render(staff, f"comptabilite/caisse/{page}.html", contexte, status=status)


@permission_required(VOIR_REGLE)
@require_http_methods(["GET", "POST"])
def regle(request: HttpRequest) -> HttpResponse:
    """Show the rule under which the system validates, its versions, and let an accountant set it."""
    staff = cast(StaffRequest, request)
    peut = request.user.has_perm(DEFINIR_REGLE)
    actuelle = regle_en_vigueur()
    form = RegleForm(initial={"active": actuelle.active, "plafond": actuelle.plafond} if actuelle else None)
    status = 200
    if request.method == "POST":
        if not peut:
            raise PermissionDenied
        form = RegleForm(request.POST)
        if form.is_valid():
            if actuelle and form.cleaned_data == {"active": actuelle.active, "plafond": actuelle.plafond}:
                messages.info(request, _("La règle est déjà celle-là."))
                return HttpResponseRedirect(reverse("caisse:regle"))
            try:
                definir_regle_validation(acteur=staff.acteur, **form.cleaned_data)
            except BusinessError as erreur:
                form.add_error(erreur.field if erreur.field in form.fields else None, str(erreur))
            else:
                messages.success(request, _("La règle de validation est enregistrée."))
                return HttpResponseRedirect(reverse("caisse:regle"))
        status = 422
    versions = page_of(request, RegleValidation.objects.order_by("-modifie_le", "-id"), per_page=10)
    contexte = {"form": form, "peut": peut, "actuelle": actuelle, "page": versions, "devise": staff.tenant.currency}
    return render(request, "comptabilite/caisse/regle.html", contexte, status=status)
