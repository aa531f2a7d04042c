"""Cashiers' invoices: the accountant's queue, one invoice, its correction."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.forms import FiltreForm, LigneForm, RejetForm
from apps.comptabilite.caisse.listes import factures_filtrees, par_statut, total_factures
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.selectors import motifs_d_attente
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.transitions import ENCAISSER, FACTURER, VALIDER
from apps.comptabilite.caisse.views.composition import Composition, additionner
from apps.comptabilite.caisse.views.encaissement import (
    Poste,
    _chercher_tarif,
    dessiner,
    noter_refus,
    poser_erreurs,
    tous_valides,
)
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.screens.amounts import write_amount
from apps.socle.screens.lists import Step, Tab, ordered, page_of, query_with

VOIR = "comptabilite.view_facturecaisse"
COLONNES = {
    "date": "date_creation",
    "numero": "numero_travail",
    "montant": "montant",
    "patient": "session__patient__cle_recherche",
}
ONGLETS = (
    ("attente", StatutFacture.EN_ATTENTE, gettext_lazy("En attente")),
    ("validees", StatutFacture.VALIDEE, gettext_lazy("À encaisser")),
    ("rejetees", StatutFacture.REJETEE, gettext_lazy("Rejetées")),
    ("payees", StatutFacture.PAYEE, gettext_lazy("Payées")),
)
REJET_GROUPE_MAXIMUM = 100


@permission_required(VOIR)
@require_GET
def factures(request: HttpRequest) -> HttpResponse:
    """List invoices by state, the queue first; an accountant ticks and validates or rejects."""
    staff = cast(StaffRequest, request)
    filtre = FiltreForm(request.GET, sans=("caisse", "moyen"))
    trouvees = factures_filtrees(filtre.valeurs, staff.tenant.time_zone)
    comptes = par_statut(trouvees)
    etat = request.GET.get("etat", "attente")
    statut = next((s for nom, s, _libelle in ONGLETS if nom == etat), None)
    liste = trouvees.filter(statut=statut) if statut else trouvees
    page = page_of(
        request,
        ordered(_avec_details(liste), request, COLONNES, "date" if statut == StatutFacture.EN_ATTENTE else "-date"),
    )
    ouverte = _ouverte(request, page.object_list)
    contexte = {
        "filtre": filtre,
        "page": page,
        "total": total_factures(liste),
        "onglets": _onglets(request, etat, comptes),
        "etat": etat,
        "ouverte": ouverte,
        "detail": _detail(ouverte, staff) if ouverte else None,
        "a_valider": statut == StatutFacture.EN_ATTENTE and request.user.has_perm(VALIDER),
        "rejet": RejetForm(),
        "plus_ancienne": liste.order_by("date_creation").values_list("date_creation", flat=True).first()
        if statut
        else None,
        "devise": staff.tenant.currency,
    }
    return render(request, "comptabilite/caisse/factures.html", contexte)


def _avec_details(liste: QuerySet[FactureCaisse]) -> QuerySet[FactureCaisse]:
    return liste.select_related("session__patient", "caissier", "invoice", "comptable_validateur").prefetch_related(
        "lignes"
    )


def _onglets(request: HttpRequest, etat: str, comptes: dict[str, int]) -> list[Tab]:
    tabs = [
        Tab(
            str(libelle),
            query_with(request, {"etat": nom, "page": None, "tri": None, "facture": None}),
            comptes[statut],
            nom == etat,
        )
        for nom, statut, libelle in ONGLETS
    ]
    toutes = query_with(request, {"etat": "toutes", "page": None, "tri": None, "facture": None})
    return [*tabs, Tab(_("Toutes"), toutes, None, etat == "toutes")]


def _ouverte(request: HttpRequest, page: Any) -> FactureCaisse | None:
    """Return the invoice that the side panel shows: the one asked for, else the first of the page."""
    voulue = request.GET.get("facture", "")
    rangees = list(page)
    return next((f for f in rangees if str(f.pk) == voulue), rangees[0] if rangees else None)


def _detail(facture: FactureCaisse, staff: StaffRequest) -> dict[str, Any]:
    """Return what a panel or a page says of an invoice: lines, why it waits, its timeline, what may be done."""
    lignes = list(facture.lignes.all())
    en_attente = facture.statut == StatutFacture.EN_ATTENTE
    est_sienne = facture.caissier_id == staff.acteur.id
    return {
        "facture": facture,
        "lignes": sorted(lignes, key=lambda ligne: ligne.position),
        "motifs": motifs_d_attente(facture, lignes) if en_attente else [],
        "etapes": [_etape(pas) for pas in facture.historique.order_by("le", "id")],
        "suite": SUITES.get(facture.statut, ""),
        "peut_valider": en_attente and staff.user.has_perm(VALIDER) and not est_sienne,
        "peut_corriger": facture.statut in {StatutFacture.EN_ATTENTE, StatutFacture.REJETEE}
        and est_sienne
        and staff.user.has_perm(FACTURER),
        "peut_encaisser": _encaissable(facture) and staff.user.has_perm(ENCAISSER),
    }


def _encaissable(facture: FactureCaisse) -> bool:
    return facture.statut == StatutFacture.VALIDEE


SUITES = {
    StatutFacture.EN_ATTENTE.value: gettext_lazy("validation, puis encaissement"),
    StatutFacture.VALIDEE.value: gettext_lazy("encaissement"),
    StatutFacture.REJETEE.value: gettext_lazy("correction par le caissier"),
}


def _etape(pas: Any) -> Step:
    return Step(
        label=str(ActionFacture(pas.action).label),
        by=pas.acteur_libelle,
        at=pas.le,
        detail=pas.commentaire,
        refused=pas.action == ActionFacture.REJETER,
    )


@permission_required(VOIR)
@require_GET
def facture(request: HttpRequest, facture_id: uuid.UUID) -> HttpResponse:
    """Show one invoice: its lines, its receipts, its timeline, and the steps that this person may take."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(_avec_details(FactureCaisse.objects.all()), pk=facture_id)
    contexte = {
        "detail": _detail(trouvee, staff),
        "facture": trouvee,
        "quittances": trouvee.quittances.order_by("date_paiement", "id"),
        "rejet": RejetForm(),
        "devise": trouvee.devise,
    }
    return render(request, "comptabilite/caisse/facture.html", contexte)


@permission_required(VALIDER)
@require_POST
def traiter(request: HttpRequest) -> HttpResponse:
    """Validate or reject the ticked invoices, each in its own step: one that somebody overtook stops no other."""
    staff = cast(StaffRequest, request)
    ids = _identifiants(request.POST.getlist("facture"))[:REJET_GROUPE_MAXIMUM]
    commentaire, rejeter = request.POST.get("commentaire", ""), request.POST.get("faire") == "rejeter"
    faites = 0
    for facture_id in ids:
        try:
            if rejeter:
                rejeter_facture(facture_id=facture_id, commentaire=commentaire, acteur=staff.acteur)
            else:
                valider_facture(facture_id=facture_id, acteur=staff.acteur)
            faites += 1
        except FactureCaisse.DoesNotExist:
            messages.error(request, _("Une des factures n’existe plus ici."))
        except BusinessError as erreur:
            messages.warning(request, str(erreur))
    _dire(request, faites, rejeter, bool(ids))
    return HttpResponseRedirect(request.POST.get("retour_interne") or reverse("caisse:factures"))


def _identifiants(textes: list[str]) -> list[uuid.UUID]:
    ids = []
    for texte in textes:
        try:
            ids.append(uuid.UUID(texte))
        except ValueError:
            continue
    return ids


def _dire(request: HttpRequest, faites: int, rejeter: bool, cochees: bool) -> None:
    if not cochees:
        messages.info(request, _("Cochez au moins une facture."))
    elif faites and rejeter:
        messages.success(request, ngettext("%d facture rejetée.", "%d factures rejetées.", faites) % faites)
    elif faites:
        messages.success(request, ngettext("%d facture validée.", "%d factures validées.", faites) % faites)


@permission_required(FACTURER)
@require_http_methods(["GET", "POST"])
def corriger(request: HttpRequest, facture_id: uuid.UUID) -> HttpResponse:
    """Correct the lines of an invoice that waits or was rejected, and submit it again."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(FactureCaisse.objects.select_related("session__patient"), pk=facture_id)
    poste = Poste(_composition_de(trouvee), focus="ajout")
    if request.method == "POST":
        poste = Poste(Composition.lire(request.POST), ajout=request.POST.get("ajout", ""), focus="ajout")
        faire, _deux_points, objet = request.POST.get("faire", "recalculer").partition(":")
        _agir_sur_les_lignes(poste, faire, objet, staff)
        if faire == "soumettre":
            fini = _soumettre(poste, trouvee, staff)
            if fini is not None:
                return fini
    return _dessiner_correction(poste, trouvee, staff)


def _composition_de(facture: FactureCaisse) -> Composition:
    lignes = [
        {
            "code": ligne.code,
            "quantite": write_amount(ligne.quantite),
            "prix": "" if ligne.au_tarif else write_amount(ligne.prix_unitaire),
        }
        for ligne in facture.lignes.order_by("position")
    ]
    return Composition(patient=str(facture.session.patient_id), lignes=lignes, motif=facture.motif)


def _agir_sur_les_lignes(poste: Poste, faire: str, objet: str, staff: StaffRequest) -> None:
    if faire == "ajouter":
        poste.composition.ajouter_ligne(objet)
        poste.ajout = ""
    elif faire == "retirer-ligne":
        poste.composition.retirer(poste.composition.lignes, objet)
    if poste.ajout.strip():
        _chercher_tarif(poste, local_date(staff.tenant.time_zone))


def _soumettre(poste: Poste, facture: FactureCaisse, staff: StaffRequest) -> HttpResponse | None:
    poste.envoye = True
    formulaires = _lignes_de(poste)
    if not tous_valides(formulaires):
        return None
    try:
        corriger_facture(
            facture_id=facture.id,
            lignes=[formulaire.saisie() for formulaire in formulaires],
            motif=poste.composition.motif,
            acteur=staff.acteur,
        )
    except BusinessError as erreur:
        noter_refus(poste, erreur)
        return None
    messages.success(staff, _("La facture %s attend de nouveau la validation.") % facture.numero_travail)
    return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))


def _lignes_de(poste: Poste) -> list[LigneForm]:
    donnees = poste.composition.donnees() if poste.envoye else None
    return [
        LigneForm(donnees, prefix=f"lignes-{rang}", initial=None if poste.envoye else rangee)
        for rang, rangee in enumerate(poste.composition.lignes)
    ]


def _dessiner_correction(poste: Poste, facture: FactureCaisse, staff: StaffRequest) -> HttpResponse:
    jour = facture.date_creation.astimezone().date()
    addition = additionner(poste.composition, staff.tenant, jour)
    formulaires = _lignes_de(poste)
    poser_erreurs(list(formulaires), poste.erreurs)
    contexte = {
        "facture": facture,
        "poste": poste,
        "addition": addition,
        "lignes": list(zip(formulaires, addition.lignes, strict=True)),
        "formulaires": formulaires,
        "devise": facture.devise,
        "focus": poste.focus,
    }
    return dessiner(staff, "corriger", "_poste_correction", contexte, refuse=poste.envoye)
