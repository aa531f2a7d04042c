"""One cashier's invoice: what it says, who did what, and its correction."""

from __future__ import annotations

import uuid
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apps.comptabilite.caisse.choices import ActionFacture, StatutFacture
from apps.comptabilite.caisse.forms import RejetForm
from apps.comptabilite.caisse.models import FactureCaisse, HistoriqueFactureCaisse, LigneReprise
from apps.comptabilite.caisse.selectors import motifs_d_attente
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.transitions import ENCAISSER, FACTURER, VALIDER, VOIR_REPRISE
from apps.comptabilite.caisse.views import poste as ecran
from apps.comptabilite.caisse.views.composition import Composition, additionner
from apps.comptabilite.caisse.views.poste import Poste
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.screens.amounts import write_amount
from apps.socle.screens.lists import Step

VOIR = "comptabilite.view_facturecaisse"
A_CORRIGER = frozenset({StatutFacture.EN_ATTENTE, StatutFacture.REJETEE})
SUITES = {
    StatutFacture.EN_ATTENTE.value: gettext_lazy("validation, puis encaissement"),
    StatutFacture.VALIDEE.value: gettext_lazy("encaissement"),
    StatutFacture.REJETEE.value: gettext_lazy("correction par le caissier"),
}


def avec_details(liste: QuerySet[FactureCaisse]) -> QuerySet[FactureCaisse]:
    """Return `liste` with what a row and the panel show, in a fixed number of queries."""
    relations = ("session__patient", "caissier", "invoice", "comptable_validateur")
    etapes = HistoriqueFactureCaisse.objects.filter(facture=OuterRef("pk")).order_by().values("facture")
    compte = Subquery(etapes.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return liste.select_related(*relations).prefetch_related("lignes").annotate(nombre_etapes=compte)


def detail_de(facture: FactureCaisse, staff: StaffRequest) -> dict[str, Any]:
    """Return what a panel or a page says of an invoice: lines, why it waits, its timeline, what may be done."""
    lignes = sorted(facture.lignes.all(), key=lambda ligne: ligne.position)
    en_attente = facture.statut == StatutFacture.EN_ATTENTE
    est_sienne = facture.caissier_id == staff.acteur.id
    motifs = motifs_d_attente(facture, lignes) if en_attente else []
    encaissable = facture.statut == StatutFacture.VALIDEE or (en_attente and not motifs)
    return {
        "facture": facture,
        "lignes": lignes,
        "motifs": motifs,
        "etapes": [_etape(pas) for pas in facture.historique.order_by("le", "id")],
        "suite": SUITES.get(facture.statut, ""),
        "peut_valider": en_attente and staff.user.has_perm(VALIDER) and not est_sienne,
        "peut_corriger": facture.statut in A_CORRIGER and est_sienne and staff.user.has_perm(FACTURER),
        "peut_encaisser": encaissable and staff.user.has_perm(ENCAISSER),
    }


def _etape(pas: HistoriqueFactureCaisse) -> Step:
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
    return dessiner_fiche(cast(StaffRequest, request), facture_id, RejetForm())


def dessiner_fiche(staff: StaffRequest, facture_id: uuid.UUID, rejet: RejetForm, statut: int = 200) -> HttpResponse:
    """Draw the page of one invoice, with the form that sends it back as it stands. Raises Http404."""
    trouvee = get_object_or_404(avec_details(FactureCaisse.objects.all()), pk=facture_id)
    contexte = {
        "detail": detail_de(trouvee, staff),
        "facture": trouvee,
        "quittances": trouvee.quittances.order_by("date_paiement", "id"),
        "papier": _papier(trouvee) if staff.user.has_perm(VOIR_REPRISE) else [],
        "rejet": rejet,
        "devise": trouvee.devise,
    }
    return render(staff, "comptabilite/caisse/facture.html", contexte, status=statut)


def _papier(facture: FactureCaisse) -> list[tuple[LigneReprise, str]]:
    """Return the rows of paper that this invoice was taken over from, each with its words as they were written."""
    lignes = facture.lignes_reprises.select_related("reprise").order_by("-fichier", "ligne")
    return [(ligne, " · ".join(mot for mot in ligne.donnees.values() if mot)) for ligne in lignes]


@permission_required(FACTURER)
@require_http_methods(["GET", "POST"])
def corriger(request: HttpRequest, facture_id: uuid.UUID) -> HttpResponse:
    """Correct the lines of an invoice that waits or was rejected, and submit it again."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(FactureCaisse.objects.select_related("session__patient"), pk=facture_id)
    refus = _ne_se_corrige_pas(trouvee, staff)
    if refus:
        messages.warning(request, refus)
        return HttpResponseRedirect(reverse("caisse:facture", args=[trouvee.id]))
    poste = Poste(_composition_de(trouvee), focus="ajout")
    if request.method == "POST":
        poste = Poste.lire(staff)
        poste.focus = "ajout"
        faire, objet = ecran.bouton(request)
        ecran.agir_sur_les_lignes(poste, faire, objet, _jour(trouvee, staff))
        if faire == "soumettre":
            fini = _soumettre(poste, trouvee, staff)
            if fini is not None:
                return fini
    return _dessiner_correction(poste, trouvee, staff)


def _ne_se_corrige_pas(facture: FactureCaisse, staff: StaffRequest) -> str:
    """Return why this person has no form to fill; the service asks again, under the lock."""
    if facture.caissier_id != staff.acteur.id:
        return _("Seul le caissier qui a établi la facture la corrige.")
    if facture.statut not in A_CORRIGER:
        return _("Cette facture ne se corrige plus : elle est « %s ».") % facture.get_statut_display()
    return ""


def _jour(facture: FactureCaisse, staff: StaffRequest) -> Any:
    """Return the day of the invoice where the tenant works: its tariffs price the correction."""
    return facture.date_creation.astimezone(ZoneInfo(staff.tenant.time_zone)).date()


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


def _soumettre(poste: Poste, facture: FactureCaisse, staff: StaffRequest) -> HttpResponse | None:
    poste.envoye = True
    if poste.composition.ajout.strip():
        poste.erreurs["ajout"] = _("Choisissez cet acte dans la liste, ou effacez-le : il n’est pas dans la facture.")
    addition = additionner(poste.composition, staff.tenant, _jour(facture, staff))
    formulaires = ecran.formulaires_des_lignes(poste, addition, facture.devise)
    if not ecran.tous_valides(formulaires) or poste.erreurs:
        poste.statut = 422
        return None
    try:
        corriger_facture(
            facture_id=facture.id,
            lignes=[formulaire.saisie() for formulaire in formulaires],
            motif=poste.composition.motif,
            acteur=staff.acteur,
        )
    except BusinessError as erreur:
        poste.noter(erreur)
        return None
    messages.success(staff, _("La facture %s attend de nouveau la validation.") % facture.numero_travail)
    return HttpResponseRedirect(reverse("caisse:facture", args=[facture.id]))


def _dessiner_correction(poste: Poste, facture: FactureCaisse, staff: StaffRequest) -> HttpResponse:
    addition = additionner(poste.composition, staff.tenant, _jour(facture, staff))
    formulaires = ecran.formulaires_des_lignes(poste, addition, facture.devise)
    resume = ecran.resumer(poste, formulaires, [])
    focus = resume.fields[0].target if resume.fields else "erreurs" if resume.sentences else poste.focus
    focus = ecran.viser(poste, focus, formulaires)
    contexte = {
        "facture": facture,
        "poste": poste,
        "addition": addition,
        "lignes": list(zip(formulaires, addition.lignes, strict=True)),
        "resume": resume,
        "devise": facture.devise,
        "focus": focus,
    }
    return ecran.dessiner(staff, "corriger", "_poste_correction", contexte, poste.statut)
