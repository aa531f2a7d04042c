"""A paper till taken over from the screen: hand two files over, read what would be done, start it, watch it, read the report."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from apps.comptabilite.caisse.choices import IssueLigne, MoyenPaiement, OrigineReprise, StatutReprise
from apps.comptabilite.caisse.forms import RepriseForm
from apps.comptabilite.caisse.models import RefusReprise, RepriseCaisse
from apps.comptabilite.caisse.reprise.fichiers import FichierRefuse
from apps.comptabilite.caisse.reprise.rapport import TITRES, rangees_du_rapport
from apps.comptabilite.caisse.services.conduire_reprise import abandonner_reprise, arreter_reprise, lancer_reprise
from apps.comptabilite.caisse.services.deposer_reprise import deposer_reprise
from apps.comptabilite.caisse.tasks import confier
from apps.comptabilite.caisse.transitions import IMPORTER, REPRISE_CAISSE, VOIR_REPRISE
from apps.hospital.choices import TypeRecette
from apps.organisations.permissions import permission_required
from apps.organisations.requests import StaffRequest
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail
from apps.socle.progress import duration
from apps.socle.screens.exports import csv_response
from apps.socle.screens.lists import Step, page_of

VIVES = (StatutReprise.DEPOSEE, StatutReprise.EN_COURS)
"""States in which a worker is expected to write: the page asks again by itself."""
ETAPES = {
    "reprise_deposee": gettext_lazy("Fichiers déposés"),
    "reprise_lancee": gettext_lazy("Lancée"),
    "reprise_arretee": gettext_lazy("Arrêtée"),
    "reprise_abandonnee": gettext_lazy("Abandonnée"),
    "reprise_terminee": gettext_lazy("Terminée"),
}
GESTES = {"lancer": lancer_reprise, "arreter": arreter_reprise, "abandonner": abandonner_reprise}


@permission_required(VOIR_REPRISE)
@require_http_methods(["GET", "POST"])
def reprises(request: HttpRequest) -> HttpResponse:
    """List the takeovers; who may start one hands its two files over here."""
    staff = cast(StaffRequest, request)
    peut = request.user.has_perm(IMPORTER)
    form = RepriseForm()
    if request.method == "POST":
        if not peut:
            raise PermissionDenied
        form = RepriseForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                deposee = _deposer(staff, form)
            except FichierRefuse as refus:
                form.add_error(refus.field, str(refus))
            else:
                return HttpResponseRedirect(reverse("caisse:reprise", args=[deposee.pk]))
    contexte = {
        "form": form,
        "peut": peut,
        "page": page_of(request, RepriseCaisse.objects.order_by("-deposee_le", "-id")),
    }
    return render(request, "comptabilite/caisse/reprises.html", contexte, status=422 if form.errors else 200)


def _deposer(staff: StaffRequest, form: RepriseForm) -> RepriseCaisse:
    recettes, encaissements = form.cleaned_data["recettes"], form.cleaned_data["encaissements"]
    deposee = deposer_reprise(
        recettes=recettes.read(),
        encaissements=encaissements.read(),
        nom_recettes=recettes.name,
        nom_encaissements=encaissements.name,
        origine=OrigineReprise.ECRAN,
        acteur=staff.acteur,
    )
    if deposee.statut == StatutReprise.DEPOSEE:
        confier(deposee)
    return deposee


@permission_required(VOIR_REPRISE)
@require_GET
def reprise(request: HttpRequest, reprise_id: uuid.UUID) -> HttpResponse:
    """Show a takeover: its preview or its outcome, its progress, the rows that its report speaks of, its history.

    While a worker writes, the page asks for its progress alone, and for itself once the state has changed.
    """
    trouvee = get_object_or_404(RepriseCaisse, pk=reprise_id)
    staff = cast(StaffRequest, request)
    if staff.htmx:
        if trouvee.statut != request.GET.get("etat"):
            return HttpResponseClientRefresh()
        return render(request, "comptabilite/caisse/_reprise_avance.html", {"reprise": trouvee, **_avance(trouvee)})
    peut = request.user.has_perm(IMPORTER)
    refus = RefusReprise.objects.filter(reprise=trouvee)
    contexte = {
        "reprise": trouvee,
        "vive": trouvee.statut in VIVES,
        "gestes": {geste.name for geste in REPRISE_CAISSE.from_state(trouvee.statut)} if peut else set(),
        "chiffres": trouvee.bilan or trouvee.apercu,
        "tableaux": _tableaux(trouvee.bilan or trouvee.apercu or {}),
        "page": page_of(request, refus.order_by("-fichier", "ligne")),
        "nombre_refusees": refus.filter(issue=IssueLigne.REFUSEE).count(),
        "sessions": trouvee.sessions.select_related("caisse", "caissier").order_by("ouverte_le", "caisse__code"),
        "etapes": _etapes(trouvee),
        "devise": staff.tenant.currency,
        **_avance(trouvee),
    }
    return render(request, "comptabilite/caisse/reprise.html", contexte)


def _avance(reprise: RepriseCaisse) -> dict[str, Any]:
    """Return the progress in words: visits a second, and the time that remains."""
    vitesse, reste = reprise.vitesse, reprise.secondes_restantes
    return {
        "vitesse": None if vitesse is None else round(vitesse),
        "reste": None if reste is None else duration(reste),
    }


@dataclass(frozen=True)
class Tableau:
    """One table of a takeover's figures: its title and its rows (label, amount)."""

    titre: str
    rangees: list[tuple[str, Decimal]]

    @property
    def total(self) -> Decimal:
        return sum((montant for _libelle, montant in self.rangees), Decimal(0))


def _tableaux(chiffres: Mapping[str, Any]) -> list[Tableau]:
    types, modes = dict(TypeRecette.choices), dict(MoyenPaiement.choices)

    def rangees(nom: str, libelles: Mapping[str, Any]) -> list[tuple[str, Decimal]]:
        return [(str(libelles.get(cle, cle)), Decimal(x)) for cle, x in chiffres.get(nom, {}).items()]

    jours = {jour: f"{date.fromisoformat(jour):%d/%m/%Y}" for jour in chiffres.get("par_jour", {})}
    return [
        Tableau(_("Facturé, par type de recette"), rangees("par_type", types)),
        Tableau(_("Encaissé, par moyen"), rangees("par_mode", modes)),
        Tableau(_("Encaissé, par jour"), rangees("par_jour", jours)),
    ]


def _etapes(reprise: RepriseCaisse) -> list[Step]:
    traces = AuditTrail.objects.filter(model_type=RepriseCaisse._meta.label, model_id=reprise.pk).order_by("id")
    return [Step(str(ETAPES.get(x.action, x.action)), x.acteur_label, x.created_at) for x in traces]


@permission_required(IMPORTER)
@require_POST
def conduire(request: HttpRequest, reprise_id: uuid.UUID) -> HttpResponse:
    """Start, stop or give up; a second click finds it done."""
    staff = cast(StaffRequest, request)
    trouvee = get_object_or_404(RepriseCaisse, pk=reprise_id)
    geste = GESTES.get(request.POST.get("faire", ""))
    if geste is None:
        return HttpResponseRedirect(reverse("caisse:reprise", args=[reprise_id]))
    try:
        trouvee = geste(reprise_id=reprise_id, acteur=staff.acteur)
    except BusinessError as refus:
        messages.warning(request, str(refus))
    else:
        if trouvee.statut == StatutReprise.EN_COURS and trouvee.origine == OrigineReprise.ECRAN:
            confier(trouvee)
    return HttpResponseRedirect(reverse("caisse:reprise", args=[reprise_id]))


@permission_required(VOIR_REPRISE)
@require_GET
def rapport(request: HttpRequest, reprise_id: uuid.UUID) -> StreamingHttpResponse:
    """Answer with the report as a file: every row refused, already taken over or to be checked."""
    trouvee = get_object_or_404(RepriseCaisse, pk=reprise_id)

    def rangees() -> Iterator[list[Any]]:
        refus = RefusReprise.objects.filter(reprise=trouvee).order_by("-fichier", "ligne")
        return rangees_du_rapport(refus.iterator(chunk_size=2000), trouvee)

    return csv_response(f"reprise-{trouvee.deposee_le:%Y%m%d-%H%M}", [str(titre) for titre in TITRES], rangees)
