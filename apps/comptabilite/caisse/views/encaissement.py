"""« Encaisser »: choose a patient, compose the sale, collect and print."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.comptabilite.caisse.choices import StatutFacture
from apps.comptabilite.caisse.forms import LigneForm, PaiementForm
from apps.comptabilite.caisse.models import FactureCaisse, Quittance
from apps.comptabilite.caisse.selectors import factures_a_encaisser, session_ouverte
from apps.comptabilite.caisse.services.vendre_au_comptant import encaisser_une_fois, facturer_une_fois, vendre_une_fois
from apps.comptabilite.caisse.transitions import ENCAISSER
from apps.comptabilite.caisse.views import poste as ecran
from apps.comptabilite.caisse.views import suspendue
from apps.comptabilite.caisse.views.composition import Addition, Composition, additionner, compter_monnaie
from apps.comptabilite.caisse.views.poste import Poste
from apps.hospital.models import Patient
from apps.hospital.presentation import age, resultats
from apps.hospital.selectors import chercher_patients
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.idempotency import KeyReused
from apps.socle.money import format_amount, plain
from apps.socle.phones import write_phone
from apps.socle.screens.amounts import read_amount
from apps.socle.screens.fields import ErrorSummary
from apps.socle.templatetags.cauris import KEY_FIELD

PAS_DE_TOTAL = "?"
"""What the screen's total was while a line could not be read: nothing is collected on it."""


@permission_required(ENCAISSER)
@require_http_methods(["GET", "POST"])
def encaisser(request: HttpRequest) -> HttpResponse:
    """Compose and collect a sale. Every button of the form comes here and says what to do in `faire`."""
    staff = cast(StaffRequest, request)
    if request.method == "GET" and session_ouverte(staff.acteur.id) is None:
        messages.info(request, _("Ouvrez d’abord votre caisse."))
        return HttpResponseRedirect(reverse("caisse:session"))
    if request.method == "GET":
        composition, cle = suspendue.reprendre(request, staff)
        poste = Poste(composition, cle=cle)
    else:
        poste = Poste.lire(staff)
        faire, objet = ecran.bouton(request)
        if faire == "nouveau-patient" and request.user.has_perm("hospital.add_patient"):
            return suspendue.enregistrer_un_patient(poste.composition, staff)
        _agir(poste, faire, objet, staff)
        if faire in {"encaisser", "attente"}:
            fini = _conclure(poste, faire, staff)
            if fini is not None:
                return fini
    return _dessiner(poste, staff)


def _agir(poste: Poste, faire: str, objet: str, staff: StaffRequest) -> None:
    composition = poste.composition
    if faire == "patient":
        composition.patient, composition.q = objet, ""
    elif faire == "changer-patient":
        composition.patient = ""
    ecran.agir_sur_les_paiements(poste, faire, objet)
    ecran.agir_sur_les_lignes(poste, faire, objet, local_date(staff.tenant.time_zone))
    if composition.q.strip() and not composition.patient:
        trouves = chercher_patients(composition.q, ecran.LIMITE + 1)
        if faire == "recalculer" and len(trouves) == 1 and not staff.htmx:  # Entrée, and nobody else it may mean
            composition.patient, composition.q = str(trouves[0].pk), ""
        poste.d_autres = len(trouves) > ecran.LIMITE
        poste.trouves = resultats(trouves[: ecran.LIMITE], composition.q, staff.tenant)


def _conclure(poste: Poste, faire: str, staff: StaffRequest) -> HttpResponse | None:
    """Collect, or put on hold; None when something is to be corrected, which the page then says."""
    poste.envoye = True
    patient = ecran.trouver_patient(poste.composition.patient)
    if patient is None:
        poste.erreurs["q"] = _("Choisissez le patient.")
    if poste.composition.ajout.strip():
        poste.erreurs["ajout"] = _("Choisissez cet acte dans la liste, ou effacez-le : il n’est pas dans la facture.")
    addition = additionner(poste.composition, staff.tenant, local_date(staff.tenant.time_zone))
    if addition.lisible:
        poste.composition.repartir(addition.total)
    lignes = ecran.formulaires_des_lignes(poste, addition, staff.tenant.currency)
    paiements = ecran.formulaires_des_paiements(poste)
    valides = ecran.tous_valides((*lignes, *(paiements if faire == "encaisser" else ())))
    if patient is None or not valides or poste.erreurs or not _total_vu(poste, addition.total, staff):
        poste.statut = 422
        return None
    try:
        if faire == "attente":
            return _mettre_en_attente(poste, patient, lignes, staff)
        return _vendre(poste, patient, lignes, paiements, staff)
    except KeyReused as deja:
        _deja_servi(poste, deja)
    except BusinessError as erreur:
        poste.noter(erreur)
        if erreur.code == "validation-required":
            poste.refus.append(_("Rien n’est encore enregistré : mettez-la en attente (F9) pour qu’il la voie."))
    return None


def _total_vu(poste: Poste, total: Decimal, staff: StaffRequest) -> bool:
    """Refuse to conclude on a total that the person has not seen: a field or a tariff changed since the screen was drawn."""
    if poste.composition.vu in {"", plain(total)}:
        return True
    dit = format_amount(total, staff.tenant.currency)
    poste.refus.append(_("Le total est maintenant de %s. Vérifiez-le, puis recommencez.") % dit)
    poste.focus = "encaisser"
    return False


def _mettre_en_attente(
    poste: Poste, patient: Patient, lignes: Sequence[LigneForm], staff: StaffRequest
) -> HttpResponse:
    fait = facturer_une_fois(
        cle=staff.POST.get(KEY_FIELD, ""),
        patient_id=patient.id,
        lignes=[ligne.saisie() for ligne in lignes],
        acteur=staff.acteur,
        motif=poste.composition.motif,
    )
    facture = FactureCaisse.objects.get(pk=fait.result_id)
    messages.success(staff, _("La facture %s attend la validation.") % facture.numero_travail)
    return HttpResponseRedirect(reverse("caisse:encaisser"))


def _vendre(
    poste: Poste,
    patient: Patient,
    lignes: Sequence[LigneForm],
    paiements: Sequence[PaiementForm],
    staff: StaffRequest,
) -> HttpResponse:
    fait = vendre_une_fois(
        cle=staff.POST.get(KEY_FIELD, ""),
        patient_id=patient.id,
        lignes=[ligne.saisie() for ligne in lignes],
        paiements=[paiement.saisie() for paiement in paiements],
        acteur=staff.acteur,
        motif=poste.composition.motif,
    )
    quittance = _premiere_quittance(fait.result_id)
    return _vers_le_papier(fait.result_id, quittance)


def _premiere_quittance(facture_id: uuid.UUID) -> Quittance | None:
    """Return the receipt that a sale made: later ones of the same invoice are other visits to the till."""
    return Quittance.objects.filter(facture=facture_id).order_by("date_paiement", "id").first()


def _vers_le_papier(facture_id: uuid.UUID, quittance: Quittance | None) -> HttpResponse:
    """Lead to the receipt just made, ready to print; to the invoice where nothing was due."""
    if quittance is None:
        return HttpResponseRedirect(reverse("caisse:facture", args=[facture_id]))
    return HttpResponseRedirect(f"{reverse('caisse:quittance', args=[quittance.id])}?neuve=1")


def _deja_servi(poste: Poste, deja: KeyReused) -> None:
    """Say what this form has already made (the person came Back to it and changed it), and offer a new key."""
    quittance = Quittance.objects.filter(pk=deja.result_id).first() or _premiere_quittance(deja.result_id)
    facture = FactureCaisse.objects.filter(pk=deja.result_id).first()
    numero = quittance.numero_quittance if quittance else facture.numero_travail if facture else ""
    dit = _("Ce formulaire a déjà servi : il a donné %s. Si ceci est une autre vente, vérifiez-la, puis recommencez.")
    poste.refus.append(dit % numero)
    poste.statut, poste.cle_neuve, poste.focus = 409, True, "encaisser"


def _dessiner(poste: Poste, staff: StaffRequest) -> HttpResponse:
    addition = additionner(poste.composition, staff.tenant, local_date(staff.tenant.time_zone))
    if addition.lisible:
        poste.composition.repartir(addition.total, poste.en_saisie)
    poste.patient = ecran.trouver_patient(poste.composition.patient)
    lignes = ecran.formulaires_des_lignes(poste, addition, staff.tenant.currency)
    paiements = ecran.formulaires_des_paiements(poste)
    resume = ecran.resumer(poste, lignes, paiements)
    focus = ecran.viser(poste, _focus(poste, addition, resume), [*lignes, *paiements])
    contexte = {
        "poste": poste,
        "addition": addition,
        "lignes": list(zip(lignes, addition.lignes, strict=True)),
        "paiements": paiements,
        "resume": resume,
        "monnaie": compter_monnaie(poste.composition, addition.total, staff.tenant.currency),
        "chiffrable": addition.lisible,
        "moyens": ecran.MOYENS,
        "identite": _identite(poste.patient, staff),
        "a_encaisser": _a_encaisser(poste.patient),
        "derniere": Quittance.objects.filter(caissier_id=staff.acteur.id).order_by("-date_paiement", "-id").first(),
        "devise": staff.tenant.currency,
        "focus": focus,
        "total_du": addition.total,
        "vu": plain(addition.total) if addition.lisible else PAS_DE_TOTAL,
    }
    return ecran.dessiner(staff, "encaisser", "_poste", contexte, poste.statut)


def _focus(poste: Poste, addition: Addition, resume: ErrorSummary) -> str:
    """Return the id where typing goes on: what is to be corrected, else the patient, the lines, the cash."""
    if resume.fields:
        return resume.fields[0].target
    if resume.sentences:
        return poste.focus or "erreurs"
    if poste.patient is None:
        return "q"
    return (poste.focus or "ajout") if addition.lignes else "ajout"


def _identite(patient: Patient | None, staff: StaffRequest) -> list[str]:
    """Return what tells this patient from a namesake: age and phone."""
    if patient is None:
        return []
    ans = age(patient.date_naissance, local_date(staff.tenant.time_zone))
    return [dit for dit in (ans, write_phone(patient.telephone, staff.tenant.country)) if dit]


def _a_encaisser(patient: Patient | None) -> list[FactureCaisse]:
    """Return the validated invoices of this patient that are still due."""
    if patient is None:
        return []
    return list(factures_a_encaisser().filter(session__patient=patient)[: ecran.LIMITE])


@permission_required(ENCAISSER)
@require_http_methods(["GET", "POST"])
def encaisser_la_facture(request: HttpRequest, facture_id: uuid.UUID) -> HttpResponse:
    """Collect, whole or in part, an invoice that is already made."""
    staff = cast(StaffRequest, request)
    facture = get_object_or_404(FactureCaisse.objects.select_related("session__patient", "invoice"), pk=facture_id)
    faire, objet = ecran.bouton(request) if request.method == "POST" else ("", "")
    poste = Poste.lire(staff) if request.method == "POST" else Poste(Composition())
    poste.composition.lignes = []
    du = facture.invoice.balance_due if facture.invoice else facture.montant
    if faire == "encaisser":
        fini = _conclure_facture(poste, facture, du, staff)
        if fini is not None:
            return fini
    elif facture.statut not in {StatutFacture.VALIDEE, StatutFacture.EN_ATTENTE}:
        return _rien_a_encaisser(
            staff, facture, _("Cette facture n’est pas à encaisser : elle est « %s ».") % facture.get_statut_display()
        )
    elif session_ouverte(staff.acteur.id) is None:
        messages.info(request, _("Ouvrez d’abord votre caisse."))
        return HttpResponseRedirect(reverse("caisse:session"))
    else:
        ecran.agir_sur_les_paiements(poste, faire, objet)
    return _dessiner_facture(poste, facture, du, staff)


def _rien_a_encaisser(staff: StaffRequest, facture: FactureCaisse, phrase: str) -> HttpResponse:
    messages.warning(staff, phrase)
    return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))


def _conclure_facture(poste: Poste, facture: FactureCaisse, du: Decimal, staff: StaffRequest) -> HttpResponse | None:
    """Collect; None when something is to be corrected.

    The payments are those of the screen as it was seen, and the key is asked before the invoice's
    state: a second click, when all is paid, finds the receipt.
    """
    poste.envoye = True
    vu = read_amount(poste.composition.vu)
    poste.composition.repartir(du if vu is None else vu)
    paiements = ecran.formulaires_des_paiements(poste)
    if not ecran.tous_valides(paiements) or poste.erreurs:
        poste.statut = 422
        return None
    try:
        fait = encaisser_une_fois(
            cle=staff.POST.get(KEY_FIELD, ""),
            facture_id=facture.id,
            paiements=[paiement.saisie() for paiement in paiements],
            acteur=staff.acteur,
        )
    except FactureCaisse.DoesNotExist as absente:
        raise Http404 from absente
    except KeyReused as erreur:
        _deja_servi(poste, erreur)
        return None
    except BusinessError as erreur:
        if erreur.code in {"already-paid", "invoice-rejected"}:
            return _rien_a_encaisser(staff, facture, str(erreur))
        poste.noter(erreur)
        return None
    return _vers_le_papier(facture.id, Quittance.objects.filter(pk=fait.result_id).first())


def _dessiner_facture(poste: Poste, facture: FactureCaisse, du: Decimal, staff: StaffRequest) -> HttpResponse:
    poste.composition.repartir(du, poste.en_saisie)
    paiements = ecran.formulaires_des_paiements(poste)
    resume = ecran.resumer(poste, [], paiements)
    ordinaire = "erreurs" if resume.sentences else "id_paiements-0-recu"
    focus = ecran.viser(poste, resume.fields[0].target if resume.fields else poste.focus or ordinaire, paiements)
    contexte = {
        "facture": facture,
        "poste": poste,
        "paiements": paiements,
        "resume": resume,
        "monnaie": compter_monnaie(poste.composition, du, staff.tenant.currency),
        "chiffrable": True,
        "moyens": ecran.MOYENS,
        "lignes_facture": facture.lignes.order_by("position"),
        "devise": staff.tenant.currency,
        "focus": focus,
        "total_du": du,
        "vu": plain(du),
    }
    return ecran.dessiner(staff, "encaisser_facture", "_poste_facture", contexte, poste.statut)
