"""Finding, registering, correcting a patient, and their page."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.hospital import selectors
from apps.hospital.fiche import actions_de, sections_de
from apps.hospital.forms import FiltrePatients, PatientForm, poser_erreur
from apps.hospital.models import Patient
from apps.hospital.presentation import age, resultats
from apps.hospital.services import enregistrer_patient, modifier_patient
from apps.mouvements.selectors import solde
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.idempotency import run_once
from apps.socle.phones import is_phone, write_phone
from apps.socle.screens.addresses import way_back, with_query
from apps.socle.screens.lists import page_of

RESULTATS = 8
VISITES_PAR_PAGE = 10


def _question(request: HttpRequest) -> str:
    filtre = FiltrePatients(request.GET)
    return filtre.cleaned_data["q"] if filtre.is_valid() else ""


@permission_required("hospital.view_patient")
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """List the patients by name, or those that `q` may mean, the likeliest first."""
    staff, q = cast(StaffRequest, request), _question(request)
    page = page_of(request, selectors.patients_trouves(q))
    contexte = {
        "q": q,
        "page": page,
        "resultats": resultats(page.object_list, q, staff.tenant),
        "peut_enregistrer": request.user.has_perm("hospital.add_patient"),
        "adresse_nouveau": _adresse_nouveau(q),
    }
    return render(request, "hospital/patients.html", contexte)


@permission_required("hospital.view_patient")
@require_safe
def recherche(request: HttpRequest) -> HttpResponse:
    """Return the first results for `q` as the lines of a list, for whichever screen asks."""
    staff, q = cast(StaffRequest, request), _question(request)
    trouves = selectors.chercher_patients(q, RESULTATS)
    contexte = {"q": q, "resultats": resultats(trouves, q, staff.tenant), "adresse_nouveau": ""}
    if request.user.has_perm("hospital.add_patient"):
        contexte["adresse_nouveau"] = _adresse_nouveau(q)
    return render(request, "hospital/_resultats.html", contexte)


def _adresse_nouveau(q: str) -> str:
    """Return where to register the patient that was not found, what was typed already filled in."""
    demande = QueryDict(mutable=True)
    demande.update(_deja_dit(q))
    adresse = reverse("hospital:patient_creer")
    return f"{adresse}?{demande.urlencode()}" if demande else adresse


def _deja_dit(q: str) -> dict[str, str]:
    """Return the field that a search without result already fills: a phone number, or a name."""
    if is_phone(q):
        return {"telephone": q}
    return {"nom": q} if any(caractere.isalpha() for caractere in q) else {}


@permission_required("hospital.add_patient")
@require_http_methods(["GET", "POST"])
def creer(request: HttpRequest) -> HttpResponse:
    """Register a patient; who looks like somebody known is shown first, and registered only if one insists."""
    staff = cast(StaffRequest, request)
    aujourdhui = local_date(staff.tenant.time_zone)
    if request.method == "GET":
        initial = _deja_dit(_question(request)) | {
            champ: request.GET[champ] for champ in ("nom", "telephone", "retour") if champ in request.GET
        }
        return _formulaire(request, PatientForm(initial=initial, aujourdhui=aujourdhui))
    form = PatientForm(request.POST, aujourdhui=aujourdhui)
    if not form.is_valid():
        return _formulaire(request, form, status=422)
    candidats = _nouveaux_candidats(form)
    if candidats:
        return _formulaire(request, form, candidats=candidats, status=409)
    return _enregistrer(request, form)


def _nouveaux_candidats(form: PatientForm) -> list[Patient]:
    """Return those who look like the person typed, unless all of them were shown already."""
    identite = form.identite()
    candidats = selectors.doublons(
        nom=identite.nom,
        prenom=identite.prenom,
        date_naissance=identite.date_naissance,
        telephone=identite.telephone,
    )
    vus = set(form.cleaned_data["vus"].split(","))
    return candidats if {str(candidat.pk) for candidat in candidats} - vus else []


def _enregistrer(request: HttpRequest, form: PatientForm) -> HttpResponse:
    staff, identite = cast(StaffRequest, request), form.identite()
    try:
        resultat = run_once(
            key=request.POST.get("cle_idempotence", ""),
            route="hospital:patient_creer",
            acteur=staff.acteur,
            body=vars(identite),
            function=lambda: enregistrer_patient(acteur=staff.acteur, **vars(identite)).pk,
            wait=True,
        )
    except BusinessError as refus:
        poser_erreur(form, refus)
        return _formulaire(request, form, status=refus.status)
    patient = Patient.objects.get(pk=resultat.result_id)
    messages.success(request, _("Patient enregistré sous le numéro %s.") % patient.numero)
    retour = form.cleaned_data["retour"]
    chez_lui = reverse("hospital:patient", args=[patient.pk])
    return HttpResponseRedirect(with_query(retour, {"patient": patient.pk}) if retour else chez_lui)


@permission_required("hospital.change_patient")
@require_http_methods(["GET", "POST"])
def modifier(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Correct what is known of a patient."""
    staff = cast(StaffRequest, request)
    patient = get_object_or_404(Patient.objects.all(), pk=patient_id)
    champs = ("nom", "prenom", "telephone", "sexe", "date_naissance")
    connu = {champ: getattr(patient, champ) for champ in champs}
    form = PatientForm(request.POST or None, initial=connu, aujourdhui=local_date(staff.tenant.time_zone))
    if request.method == "GET" or not form.is_valid():
        return _formulaire(request, form, patient=patient, status=200 if request.method == "GET" else 422)
    identite = form.identite()
    modifier_patient(
        patient_id=patient.pk, acteur=staff.acteur, sans_date=identite.date_naissance is None, **vars(identite)
    )
    messages.success(request, _("Corrections enregistrées."))
    return HttpResponseRedirect(reverse("hospital:patient", args=[patient.pk]))


def _formulaire(
    request: HttpRequest,
    form: PatientForm,
    *,
    patient: Patient | None = None,
    candidats: list[Patient] | None = None,
    status: int = 200,
) -> HttpResponse:
    staff = cast(StaffRequest, request)
    connus = candidats or []
    pour = "" if patient else way_back(str(form["retour"].value() or ""))
    retour = reverse("hospital:patient", args=[patient.pk]) if patient else pour or reverse("hospital:patients")
    contexte = {
        "form": form,
        "patient": patient,
        "candidats": resultats(connus, "", staff.tenant),
        "pour": with_query(pour, {"patient": ""}) if pour else "",
        "vus": ",".join(str(candidat.pk) for candidat in connus),
        "retour": retour,
    }
    return render(request, "hospital/patient_formulaire.html", contexte, status=status)


@permission_required("hospital.view_patient")
@require_safe
def fiche(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Show a patient: who they are, what they owe, their visits, and what the apps above know of them."""
    staff = cast(StaffRequest, request)
    patient = get_object_or_404(Patient.objects.select_related("tiers"), pk=patient_id)
    contexte: dict[str, Any] = {
        "patient": patient,
        "age": age(patient.date_naissance, local_date(staff.tenant.time_zone)),
        "telephone": write_phone(patient.telephone, staff.tenant.country),
        "solde": None,
        "visites": None,
        "sections": sections_de(staff, patient),
        "actions": actions_de(staff, patient),
        "historique": selectors.historique_du_patient(patient.pk),
        "peut_modifier": request.user.has_perm("hospital.change_patient"),
    }
    if request.user.has_perm("mouvements.view_mouvementfinancier"):
        contexte["solde"] = solde(patient.tiers_id, staff.tenant.currency)
    if request.user.has_perm("hospital.view_session"):
        contexte["visites"] = page_of(request, selectors.visites_du_patient(patient.pk), VISITES_PAR_PAGE)
    return render(request, "hospital/patient.html", contexte)
