"""Facts that wait for a rule: the list, one with what it lacks, and the posting."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.comptabilite.grand_livre import selectors
from apps.comptabilite.grand_livre.forms import RegleForm
from apps.comptabilite.grand_livre.imputation import Imputation, MotifAttente
from apps.comptabilite.grand_livre.models import ImputationEnAttente
from apps.comptabilite.grand_livre.models.regle import criteres_lisibles
from apps.comptabilite.grand_livre.services import ouvrir_exercice as exercices
from apps.comptabilite.grand_livre.services import resoudre_imputation as services
from apps.comptabilite.grand_livre.services.comptabiliser import imputer_fait
from apps.comptabilite.grand_livre.transitions import EN_ATTENTE
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.facts import PublishedFact, load, role_label, source_link
from apps.socle.screens.lists import page_of

LIRE, RESOUDRE = "comptabilite.view_imputationenattente", "comptabilite.resoudre_imputation"


@permission_required(LIRE)
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """List what waits, oldest first; `?toutes=1` shows what was resolved too."""
    toutes = request.GET.get("toutes") == "1"
    contexte = {
        "page": page_of(request, selectors.attentes(resolues=toutes)),
        "toutes": toutes,
        "en_attente": selectors.nombre_en_attente(),
        "peut_resoudre": request.user.has_perm(RESOUDRE),
    }
    return render(request, "comptabilite/grand_livre/imputations.html", contexte)


@permission_required(LIRE)
@require_safe
def detail(request: HttpRequest, attente_id: uuid.UUID) -> HttpResponse:
    """Show what a fact lacks, with the form of the first missing rule, or the entries it would make."""
    return _montrer(request, _attente(attente_id))


def _attente(attente_id: uuid.UUID) -> ImputationEnAttente:
    attente = selectors.attentes(resolues=True).filter(pk=attente_id).first()
    if attente is None:
        raise Http404
    return attente


def _montrer(
    request: HttpRequest, attente: ImputationEnAttente, form: RegleForm | None = None, status: int = 200
) -> HttpResponse:
    fait = load(attente.fait_id)
    imputation = imputer_fait(fait) if attente.statut == EN_ATTENTE else Imputation()
    peut = request.user.has_perm(RESOUDRE) and attente.statut == EN_ATTENTE
    contexte = {
        "attente": attente,
        "fait": fait,
        "origine": source_link(fait.source_type, fait.source_id),
        "lignes": [_ligne(ligne.role, ligne.criteria, ligne.amount) for ligne in fait.lines],
        "manques": [
            _ligne(m.role, m.criteres, m.montant) for m in imputation.manques if m.motif is MotifAttente.SANS_REGLE
        ],
        "fermes": [m for m in imputation.manques if m.motif is MotifAttente.COMPTE_FERME],
        "sans_periode": any(m.motif is MotifAttente.SANS_PERIODE for m in imputation.manques),
        "desequilibre": any(m.motif is MotifAttente.DESEQUILIBRE for m in imputation.manques),
        "apercu": selectors.apercu(imputation.ecritures),
        "form": form or (_form(fait, imputation) if peut else None),
        "ecritures": selectors.ecritures_du_fait(fait.id),
        "peut_resoudre": peut,
        "devise": attente.devise,
    }
    return render(request, "comptabilite/grand_livre/imputation.html", contexte, status=status)


def _ligne(role: str, criteres: Mapping[str, str], montant: Decimal) -> dict[str, Any]:
    """A line of a fact in words."""
    return {"role": role_label(role), "criteres": criteres_lisibles(criteres), "montant": montant}


def _form(fait: PublishedFact, imputation: Imputation, donnees: Any = None) -> RegleForm | None:
    """The form of the first rule that is missing, None when no rule is."""
    for manque in imputation.manques:
        if manque.motif is MotifAttente.SANS_REGLE:
            return RegleForm(donnees, type_fait=fait.type, role=manque.role, possibles=manque.criteres)
    return None


@permission_required(RESOUDRE)
@require_POST
def ajouter_regle(request: HttpRequest, attente_id: uuid.UUID) -> HttpResponse:
    """Add the first missing rule, then show what is still missing."""
    attente = _attente(attente_id)
    fait = load(attente.fait_id)
    form = _form(fait, imputer_fait(fait), request.POST) if attente.statut == EN_ATTENTE else None
    if form is None:
        return HttpResponseRedirect(reverse("grand_livre:imputation", args=[attente_id]))
    if not form.is_valid():
        return _montrer(request, attente, form, 422)
    try:
        regle = services.ajouter_regle(regle=form.regle(), acteur=cast(StaffRequest, request).acteur)
    except BusinessError as erreur:
        form.add_error(erreur.field if erreur.field in form.fields else None, str(erreur))
        return _montrer(request, attente, form, erreur.status)
    messages.success(
        request,
        _("Règle ajoutée : %(regle)s va au compte %(compte)s.") % {"regle": regle, "compte": regle.compte.numero},
    )
    return HttpResponseRedirect(reverse("grand_livre:imputation", args=[attente_id]))


@permission_required(RESOUDRE)
@require_POST
def comptabiliser(request: HttpRequest, attente_id: uuid.UUID) -> HttpResponse:
    """Post the fact by the rules of now; when one is still missing, say which."""
    attente = _attente(attente_id)
    try:
        services.resoudre_imputation(attente_id=attente_id, acteur=cast(StaffRequest, request).acteur)
    except BusinessError as erreur:
        messages.error(request, str(erreur))
        return _montrer(request, _attente(attente_id), status=erreur.status)
    messages.success(request, _("%s est comptabilisée.") % attente.fait.number)
    return HttpResponseRedirect(reverse("grand_livre:imputations"))


@permission_required(RESOUDRE)
@require_POST
def comptabiliser_toutes(request: HttpRequest) -> HttpResponse:
    """Try every pending imputation again."""
    resolution = services.resoudre_imputations(acteur=cast(StaffRequest, request).acteur)
    faites = ngettext("%d imputation comptabilisée", "%d imputations comptabilisées", resolution.comptabilisees)
    restent = ngettext("%d attend encore une règle", "%d attendent encore une règle", resolution.restantes)
    texte = f"{faites % resolution.comptabilisees}\u00a0; {restent % resolution.restantes}."
    (messages.warning if resolution.restantes else messages.success)(request, texte)
    return HttpResponseRedirect(reverse("grand_livre:imputations"))


@permission_required("comptabilite.add_exercice")
@require_POST
def ouvrir_exercice(request: HttpRequest, attente_id: uuid.UUID) -> HttpResponse:
    """Open the calendar year of a fact whose date belongs to no exercise."""
    attente = _attente(attente_id)
    exercice = exercices.assurer_exercice(jour=attente.date_fait, acteur=cast(StaffRequest, request).acteur)
    messages.success(request, _("L’exercice %s est ouvert.") % exercice.code)
    return HttpResponseRedirect(reverse("grand_livre:imputation", args=[attente_id]))
