"""« Encaisser »: choose a patient, compose the sale, collect and print."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.comptabilite.caisse.choices import MoyenPaiement, StatutFacture
from apps.comptabilite.caisse.forms import LigneForm, PaiementForm
from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.caisse.selectors import factures_a_encaisser, session_ouverte
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.vendre_au_comptant import encaisser_une_fois, vendre_une_fois
from apps.comptabilite.caisse.transitions import ENCAISSER
from apps.comptabilite.caisse.views.composition import Addition, Composition, additionner, compter_monnaie
from apps.hospital.models import Patient
from apps.hospital.selectors import chercher_patients, chercher_tarifs
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.idempotency import run_once
from apps.socle.templatetags.cauris import KEY_FIELD

LIMITE = 8
MOYENS = (
    (MoyenPaiement.ESPECES.value, gettext_lazy("Espèces")),
    (MoyenPaiement.MOBILE.value, gettext_lazy("Mobile")),
    (MoyenPaiement.CARTE.value, gettext_lazy("Carte")),
    (MoyenPaiement.CHEQUE.value, gettext_lazy("Chèque")),
    (MoyenPaiement.VIREMENT.value, gettext_lazy("Virement")),
)
"""The buttons of the means, short, most used first."""


@dataclass
class Poste:
    """What the till's screen holds: the composition, its sums, what was searched and what was refused."""

    composition: Composition
    patient: Patient | None = None
    q: str = ""
    ajout: str = ""
    trouves: list[Patient] = field(default_factory=list)
    tarifs: list[Any] = field(default_factory=list)
    refus: list[str] = field(default_factory=list)
    erreurs: dict[str, str] = field(default_factory=dict)
    envoye: bool = False
    focus: str = "q"


@permission_required(ENCAISSER)
@require_http_methods(["GET", "POST"])
def encaisser(request: HttpRequest) -> HttpResponse:
    """Compose and collect a sale. Every button of the form comes here and says what to do in `faire`."""
    staff = cast(StaffRequest, request)
    if session_ouverte(staff.acteur.id) is None:
        messages.info(request, _("Ouvrez d’abord votre caisse."))
        return HttpResponseRedirect(reverse("caisse:session"))
    poste = Poste(Composition(patient=request.GET.get("patient", "")))
    if request.method == "POST":
        poste = Poste(Composition.lire(request.POST), q=request.POST.get("q", ""), ajout=request.POST.get("ajout", ""))
        faire, _deux_points, objet = request.POST.get("faire", "recalculer").partition(":")
        _agir(poste, faire, objet, staff)
        if faire in {"encaisser", "attente"}:
            fini = _conclure(poste, faire, staff)
            if fini is not None:
                return fini
    return _dessiner(poste, staff)


def _agir(poste: Poste, faire: str, objet: str, staff: StaffRequest) -> None:
    """Change the composition as the button says; an unknown word changes nothing."""
    composition, jour = poste.composition, local_date(staff.tenant.time_zone)
    if faire == "patient":
        composition.patient, poste.q = objet, ""
    elif faire == "changer-patient":
        composition.patient = ""
    elif faire == "ajouter":
        composition.ajouter_ligne(objet)
        poste.ajout = ""
    elif faire == "retirer-ligne":
        composition.retirer(composition.lignes, objet)
    elif faire == "moyen":
        composition.ajouter_paiement(objet)
        poste.focus = f"id_paiements-{len(composition.paiements) - 1}-montant"
    elif faire == "retirer-paiement":
        composition.retirer(composition.paiements, objet)
    elif faire == "recu":
        composition.recevoir(objet)
        poste.focus = "encaisser"
    if poste.ajout.strip():
        _chercher_tarif(poste, jour)
    if poste.q.strip() and not composition.patient:
        poste.trouves = chercher_patients(poste.q, LIMITE)


def _chercher_tarif(poste: Poste, jour: Any) -> None:
    """Add the tariff whose code was typed whole, or the only one found; otherwise list what was found."""
    trouves = chercher_tarifs(poste.ajout, jour, LIMITE)
    exact = [tarif for tarif in trouves if tarif.code == poste.ajout.strip().upper()]
    if exact or len(trouves) == 1:
        poste.composition.ajouter_ligne((exact or trouves)[0].code)
        poste.ajout, poste.focus = "", "ajout"
    else:
        poste.tarifs, poste.focus = trouves, "ajout"


def _conclure(poste: Poste, faire: str, staff: StaffRequest) -> HttpResponse | None:
    """Collect, or put on hold; None when something is to be corrected, which the page then says."""
    poste.envoye = True
    patient = _patient(poste.composition.patient)
    if patient is None:
        poste.erreurs["q"] = _("Choisissez le patient.")
        return None
    addition = additionner(poste.composition, staff.tenant, local_date(staff.tenant.time_zone))
    poste.composition.repartir(addition.total)
    lignes, paiements = _formulaires(poste)
    if not tous_valides((*lignes, *(paiements if faire == "encaisser" else ()))):
        return None
    try:
        return _encaisser_ou_attendre(poste, faire, patient, lignes, paiements, staff)
    except BusinessError as erreur:
        noter_refus(poste, erreur)
        return None


def _encaisser_ou_attendre(
    poste: Poste,
    faire: str,
    patient: Patient,
    lignes: list[LigneForm],
    paiements: list[PaiementForm],
    staff: StaffRequest,
) -> HttpResponse:
    saisies, cle = [ligne.saisie() for ligne in lignes], staff.POST.get(KEY_FIELD, "")
    motif = poste.composition.motif
    if faire == "attente":
        demande = {"patient": patient.id, "motif": motif, "lignes": poste.composition.lignes}
        fait = run_once(
            key=cle, route="caisse:attente", acteur=staff.acteur, body=demande, wait=True,
            function=lambda: facturer_patient(patient_id=patient.id, lignes=saisies, acteur=staff.acteur, motif=motif).id,
        )  # fmt: skip
        facture = FactureCaisse.objects.get(pk=fait.result_id)
        messages.success(staff, _("La facture %s attend la validation.") % facture.numero_travail)
        return HttpResponseRedirect(reverse("caisse:encaisser"))
    fait = vendre_une_fois(
        cle=cle,
        patient_id=patient.id,
        lignes=saisies,
        paiements=[p.saisie() for p in paiements],
        acteur=staff.acteur,
        motif=motif,
    )
    return vers_quittance(FactureCaisse.objects.get(pk=fait.result_id))


def vers_quittance(facture: FactureCaisse) -> HttpResponse:
    """Lead to the receipt just made, ready to print; to the invoice where nothing was due."""
    quittance = Quittance.objects.filter(facture=facture).order_by("-date_paiement", "-id").first()
    if quittance is None:
        return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))
    return HttpResponseRedirect(f"{reverse('caisse:quittance', args=[quittance.id])}?neuve=1")


def noter_refus(poste: Poste, erreur: BusinessError) -> None:
    """Put the refusal beside its field where the page has it, at the top otherwise."""
    if erreur.field and erreur.field.startswith(("lignes-", "paiements-")):
        poste.erreurs[erreur.field] = str(erreur)
    else:
        poste.refus.append(str(erreur))


def _patient(identifiant: str) -> Patient | None:
    try:
        return Patient.objects.filter(pk=uuid.UUID(identifiant)).first()
    except ValueError:
        return None


def _formulaires(poste: Poste) -> tuple[list[LigneForm], list[PaiementForm]]:
    """Return the rows as forms: bound once the person has asked to collect, so that nothing is red before."""
    donnees = poste.composition.donnees() if poste.envoye else None
    lignes = [
        LigneForm(donnees, prefix=f"lignes-{rang}", initial=None if poste.envoye else rangee)
        for rang, rangee in enumerate(poste.composition.lignes)
    ]
    paiements = [
        PaiementForm(
            donnees, prefix=f"paiements-{rang}", initial=None if poste.envoye else rangee, moyen=rangee["moyen"]
        )
        for rang, rangee in enumerate(poste.composition.paiements)
    ]
    return lignes, paiements


def tous_valides(formulaires: Sequence[Any]) -> bool:
    """Validate every form, so that the page shows all that is to be corrected at once."""
    return not [formulaire for formulaire in formulaires if not formulaire.is_valid()]


def poser_erreurs(formulaires: list[Any], erreurs: dict[str, str]) -> None:
    """Give each refusal to the form whose field has that name."""
    for formulaire in formulaires:
        if not formulaire.is_bound:
            continue
        formulaire.is_valid()
        for nom in formulaire.fields:
            if f"{formulaire.prefix}-{nom}" in erreurs:
                formulaire.add_error(nom, erreurs[f"{formulaire.prefix}-{nom}"])


def _dessiner(poste: Poste, staff: StaffRequest) -> HttpResponse:
    """Draw the screen; 422 when something was refused."""
    addition = additionner(poste.composition, staff.tenant, local_date(staff.tenant.time_zone))
    poste.composition.repartir(addition.total)
    poste.patient = _patient(poste.composition.patient)
    lignes, paiements = _formulaires(poste)
    poser_erreurs([*lignes, *paiements], poste.erreurs)
    refuse = poste.envoye
    contexte = {
        "poste": poste,
        "addition": addition,
        "lignes": list(zip(lignes, addition.lignes, strict=True)),
        "paiements": paiements,
        "formulaires": [*lignes, *paiements],
        "monnaie": compter_monnaie(poste.composition, addition.total, staff.tenant.currency),
        "moyens": MOYENS,
        "a_encaisser": _a_encaisser(poste.patient),
        "derniere": Quittance.objects.filter(caissier_id=staff.acteur.id).order_by("-date_paiement", "-id").first(),
        "devise": staff.tenant.currency,
        "focus": _focus(poste, addition),
        "total_du": addition.total,
    }
    return dessiner(staff, "encaisser", "_poste", contexte, refuse=refuse)


def dessiner(staff: StaffRequest, page: str, fragment: str, contexte: dict[str, Any], *, refuse: bool) -> HttpResponse:
    """Answer with the page, or with its form alone where htmx asked; 422 when something was refused."""
    gabarit = f"comptabilite/caisse/{fragment if staff.htmx else page}.html"
    return render(staff, gabarit, contexte, status=422 if refuse else 200)


def _focus(poste: Poste, addition: Addition) -> str:
    """Return the id where typing goes on: the patient first, then the lines, then the cash."""
    if poste.patient is None:
        return "q"
    if not addition.lignes:
        return "ajout"
    return poste.focus if poste.focus != "q" else "ajout"


def _a_encaisser(patient: Patient | None) -> list[FactureCaisse]:
    """Return the validated invoices of this patient that are still due."""
    if patient is None:
        return []
    return list(factures_a_encaisser().filter(session__patient=patient)[:LIMITE])


@permission_required(ENCAISSER)
@require_http_methods(["GET", "POST"])
def encaisser_la_facture(request: HttpRequest, facture_id: uuid.UUID) -> HttpResponse:
    """Collect, whole or in part, an invoice that is already made."""
    staff = cast(StaffRequest, request)
    facture = get_object_or_404(FactureCaisse.objects.select_related("session__patient", "invoice"), pk=facture_id)
    if facture.statut not in {StatutFacture.VALIDEE, StatutFacture.EN_ATTENTE}:
        messages.warning(
            request, _("Cette facture n’est pas à encaisser : elle est « %s ».") % facture.get_statut_display()
        )
        return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))
    if session_ouverte(staff.acteur.id) is None:
        messages.info(request, _("Ouvrez d’abord votre caisse."))
        return HttpResponseRedirect(reverse("caisse:session"))
    poste = Poste(Composition.lire(request.POST))
    du = facture.invoice.balance_due if facture.invoice else facture.montant
    poste.composition.lignes = []
    if request.method == "POST":
        faire, _deux_points, objet = request.POST.get("faire", "recalculer").partition(":")
        _agir(poste, faire if faire in {"moyen", "retirer-paiement", "recu"} else "recalculer", objet, staff)
        if faire == "encaisser":
            fini = _conclure_facture(poste, facture, du, staff)
            if fini is not None:
                return fini
    return _dessiner_facture(poste, facture, du, staff)


def _conclure_facture(poste: Poste, facture: FactureCaisse, du: Any, staff: StaffRequest) -> HttpResponse | None:
    poste.envoye = True
    poste.composition.repartir(du)
    _lignes, paiements = _formulaires(poste)
    if not tous_valides(paiements):
        return None
    saisis = [paiement.saisie() for paiement in paiements]
    try:
        fait = encaisser_une_fois(
            cle=staff.POST.get(KEY_FIELD, ""), facture_id=facture.id, paiements=saisis, acteur=staff.acteur
        )
    except FactureCaisse.DoesNotExist as absente:
        raise Http404 from absente
    except BusinessError as erreur:
        noter_refus(poste, erreur)
        return None
    quittance = Quittance.objects.filter(pk=fait.result_id).first()
    if quittance is None:
        return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))
    return HttpResponseRedirect(f"{reverse('caisse:quittance', args=[quittance.id])}?neuve=1")


def _dessiner_facture(poste: Poste, facture: FactureCaisse, du: Any, staff: StaffRequest) -> HttpResponse:
    poste.composition.repartir(du)
    _lignes, paiements = _formulaires(poste)
    poser_erreurs(list(paiements), poste.erreurs)
    contexte = {
        "facture": facture,
        "poste": poste,
        "paiements": paiements,
        "formulaires": paiements,
        "monnaie": compter_monnaie(poste.composition, du, staff.tenant.currency),
        "moyens": MOYENS,
        "lignes_facture": facture.lignes.order_by("position"),
        "devise": staff.tenant.currency,
        "focus": poste.focus if poste.focus != "q" else "recu",
        "total_du": du,
    }
    return dessiner(staff, "encaisser_facture", "_poste_facture", contexte, refuse=poste.envoye)
