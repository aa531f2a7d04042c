"""Cashiers' invoices by state: the accountant's queue, its filters and totals, its export, and the acts on several."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.comptabilite.caisse.choices import StatutFacture
from apps.comptabilite.caisse.forms import FiltreForm, RejetForm
from apps.comptabilite.caisse.listes import factures_filtrees, par_statut, total_factures
from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.caisse.transitions import VALIDER
from apps.comptabilite.caisse.views.facture import VOIR, avec_details, dessiner_fiche, detail_de
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.idempotency import run_once
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import Tab, ordered, page_of, query_with
from apps.socle.templatetags.cauris import KEY_FIELD

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
TITRES = (
    gettext_lazy("Numéro de travail"), gettext_lazy("Facture légale"), gettext_lazy("Établie le"), gettext_lazy("Émise le"), gettext_lazy("Numéro du patient"),
    gettext_lazy("Patient"), gettext_lazy("Caissier"), gettext_lazy("État"), gettext_lazy("Montant"), gettext_lazy("Devise"),
)  # fmt: skip
DU_PANNEAU = "panneau_%s"
"""How the side panel's fields are called: the list's own form has the same ones."""
EN_UNE_FOIS = 100
"""How many invoices one form may act on: more than a page shows."""


@permission_required(VOIR)
@require_GET
def factures(request: HttpRequest) -> HttpResponse:
    """List invoices by state, the queue first; an accountant ticks and validates or rejects."""
    return _dessiner(cast(StaffRequest, request))


def _dessiner(
    staff: StaffRequest,
    rejet: RejetForm | None = None,
    cochees: frozenset[uuid.UUID] = frozenset(),
    panneau: uuid.UUID | None = None,
    statut: int = 200,
) -> HttpResponse:
    """Draw the list and its panel. A refused `rejet` stands where it was sent from: by the ticked rows, or in `panneau`."""
    filtre = FiltreForm(staff, sans=("caisse", "moyen"))
    trouvees = factures_filtrees(filtre.chosen, staff.tenant.time_zone)
    etat = staff.GET.get("etat", "attente")
    liste, statut_voulu = _de_cet_etat(trouvees, etat)
    en_attente = statut_voulu == StatutFacture.EN_ATTENTE
    page = page_of(staff, ordered(avec_details(liste), staff, COLONNES, "date" if en_attente else "-date"))
    ouverte, choisie = _ouverte(staff, page.object_list, frozenset({panneau}) if panneau else cochees)
    if panneau and (ouverte is None or ouverte.pk != panneau):
        raise Http404
    contexte = {
        "filtre": filtre,
        "page": page,
        "vierge": not page.object_list and not FactureCaisse.objects.exists(),
        "total": total_factures(liste),
        "onglets": _onglets(staff, etat, par_statut(trouvees)),
        "etat": etat,
        "detail": detail_de(ouverte, staff) if ouverte else None,
        "choisie": choisie,
        "a_valider": en_attente and staff.user.has_perm(VALIDER),
        "rejet": RejetForm() if rejet is None or panneau else rejet,
        "rejet_panneau": rejet if rejet and panneau else RejetForm(auto_id=DU_PANNEAU),
        "cochees": cochees,
        "plus_ancienne": _plus_ancienne(liste) if en_attente else None,
        "devise": staff.tenant.currency,
    }
    return render(staff, "comptabilite/caisse/factures.html", contexte, status=statut)


def _de_cet_etat(trouvees: QuerySet[FactureCaisse], etat: str) -> tuple[QuerySet[FactureCaisse], StatutFacture | None]:
    statut = next((s for nom, s, _libelle in ONGLETS if nom == etat), None)
    return (trouvees.filter(statut=statut) if statut else trouvees), statut


def _plus_ancienne(liste: QuerySet[FactureCaisse]) -> Any:
    return liste.order_by("date_creation").values_list("date_creation", flat=True).first()


def _onglets(staff: StaffRequest, etat: str, comptes: dict[str, int]) -> list[Tab]:
    def adresse(nom: str) -> str:
        return query_with(staff, {"etat": nom, "page": None, "tri": None, "facture": None})

    tabs = [Tab(str(libelle), adresse(nom), comptes[statut], nom == etat) for nom, statut, libelle in ONGLETS]
    connu = any(nom == etat for nom, _statut, _libelle in ONGLETS)
    return [*tabs, Tab(_("Toutes"), adresse("toutes"), sum(comptes.values()), not connu)]


def _ouverte(staff: StaffRequest, page: Any, cochees: frozenset[uuid.UUID]) -> tuple[FactureCaisse | None, bool]:
    """Return the invoice that the side panel shows, and whether the person chose it: else the first of the page.

    A refused act on one invoice keeps that one in the panel, wherever it was sent from: the second click must not
    fall on another.
    """
    rangees = list(page)
    if len(cochees) == 1:
        (traitee,) = cochees
        facture = avec_details(FactureCaisse.objects.filter(pk=traitee)).first()
        if facture:
            return facture, True
    voulue = staff.GET.get("facture", "")
    choisie = next((facture for facture in rangees if str(facture.pk) == voulue), None)
    return choisie or next(iter(rangees), None), choisie is not None


@permission_required(VALIDER)
@require_http_methods(["GET", "POST"])
def traiter(request: HttpRequest) -> HttpResponse:
    """Validate or reject the ticked invoices, each in its own step: one that somebody overtook stops no other."""
    staff = cast(StaffRequest, request)
    retour = _retour(staff)
    if request.method == "GET":  # the list that a refusal drew here, asked again
        return HttpResponseRedirect(retour)
    ids = _identifiants(request.POST.getlist("facture"))[:EN_UNE_FOIS]
    depuis = request.POST.get("vers", "")
    rejet = RejetForm(request.POST, auto_id=DU_PANNEAU if depuis == "panneau" else "id_%s")
    rejeter = request.POST.get("faire") == "rejeter"
    if not ids:
        messages.info(request, _("Cochez au moins une facture."))
        return HttpResponseRedirect(retour)
    if rejeter and not rejet.is_valid():
        return _sans_motif(staff, rejet, ids, depuis)
    commentaire = rejet.cleaned_data["commentaire"] if rejeter else ""
    refus = [_traiter_une(staff, facture_id, commentaire, rejeter=rejeter) for facture_id in ids]
    for phrase in dict.fromkeys(phrase for phrase in refus if phrase):
        messages.warning(request, phrase)
    _dire(request, refus.count(""), rejeter=rejeter)
    return HttpResponseRedirect(retour)


def _sans_motif(staff: StaffRequest, rejet: RejetForm, ids: list[uuid.UUID], depuis: str) -> HttpResponse:
    """Say what is wrong with the motive on the screen where it was typed, beside its field."""
    if depuis == "fiche":
        return dessiner_fiche(staff, ids[0], rejet, 422)
    if depuis == "panneau":
        return _dessiner(staff, rejet, panneau=ids[0], statut=422)
    return _dessiner(staff, rejet, frozenset(ids), statut=422)


def _retour(staff: StaffRequest) -> str:
    """Return where to go back: the page of the one invoice, or the list as it was filtered, sorted and paged."""
    if staff.POST.get("vers") == "fiche":
        for facture_id in _identifiants(staff.POST.getlist("facture")):
            return reverse("caisse:facture", args=[facture_id])
    suite = query_with(staff, {"facture": None})
    return reverse("caisse:factures") + (suite if suite != "?" else "")


def _traiter_une(staff: StaffRequest, facture_id: uuid.UUID, commentaire: str, *, rejeter: bool) -> str:
    """Validate or reject one invoice; return why not, or an empty sentence once it is done, now or by a first click."""
    try:
        if rejeter:
            rejeter_facture(facture_id=facture_id, commentaire=commentaire, acteur=staff.acteur)
        else:
            run_once(
                key=f"{staff.POST.get(KEY_FIELD, '')[:200]}/{facture_id}",
                route="caisse:valider",
                acteur=staff.acteur,
                body={"facture": facture_id},
                function=lambda: (
                    valider_facture(
                        facture_id=facture_id, acteur=staff.acteur, etapes_lues=_etapes_lues(staff, facture_id)
                    ).id
                ),
                wait=True,
            )
    except FactureCaisse.DoesNotExist:
        return _("Une des factures n’existe plus ici.")
    except BusinessError as erreur:
        return "" if rejeter and _deja_rejetee_ainsi(facture_id, commentaire, staff) else str(erreur)
    return ""


def _etapes_lues(staff: StaffRequest, facture_id: uuid.UUID) -> int | None:
    """Return how many steps the invoice had on the page that was read; None where the page did not say."""
    lues = staff.POST.get(f"lues-{facture_id}", "")
    return int(lues) if re.fullmatch(r"[0-9]{1,6}", lues) else None


def _deja_rejetee_ainsi(facture_id: uuid.UUID, commentaire: str, staff: StaffRequest) -> bool:
    """Tell whether a first click of the same person rejected it with the same words."""
    return FactureCaisse.objects.filter(
        pk=facture_id,
        statut=StatutFacture.REJETEE,
        comptable_validateur=staff.acteur.id,
        commentaire_rejet=commentaire.strip(),
    ).exists()


def _identifiants(textes: list[str]) -> list[uuid.UUID]:
    ids = []
    for texte in textes:
        try:
            ids.append(uuid.UUID(texte))
        except ValueError:
            continue
    return list(dict.fromkeys(ids))


def _dire(request: HttpRequest, faites: int, *, rejeter: bool) -> None:
    if faites and rejeter:
        messages.success(request, ngettext("%d facture rejetée.", "%d factures rejetées.", faites) % faites)
    elif faites:
        messages.success(request, ngettext("%d facture validée.", "%d factures validées.", faites) % faites)


@permission_required(VOIR)
@require_GET
def exporter(request: HttpRequest) -> StreamingHttpResponse:
    """Return the list of this state and these filters, all pages, as CSV; its amounts add up to the screen's total."""
    staff = cast(StaffRequest, request)
    valeurs, fuseau = FiltreForm(staff, sans=("caisse", "moyen")).chosen, staff.tenant.time_zone
    etat = staff.GET.get("etat", "attente")

    def rangees() -> Iterator[list[Any]]:
        liste, _statut = _de_cet_etat(factures_filtrees(valeurs, fuseau), etat)
        detaillees = liste.select_related("session__patient", "caissier", "invoice")
        for facture in detaillees.order_by("date_creation", "id").iterator(chunk_size=500):
            yield _rangee(facture)

    return csv_response("factures", [str(titre) for titre in TITRES], rangees)


def _rangee(facture: FactureCaisse) -> list[Any]:
    patient = facture.session.patient
    return [
        facture.numero_travail,
        facture.invoice.invoice_number if facture.invoice else "",
        facture.date_creation,
        facture.invoice.created_at if facture.invoice else None,
        patient.numero,
        patient.nom_complet,
        facture.caissier.full_name,
        str(facture.get_statut_display()),
        facture.montant,
        facture.devise,
    ]
