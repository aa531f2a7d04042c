"""One till session, from its float to its count: what an entry or a link about its cash leads to."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.comptabilite.caisse.listes import recettes_par_moyen
from apps.comptabilite.caisse.models import PaiementQuittance, SessionCaisse
from apps.comptabilite.caisse.selectors import especes_attendues
from apps.organisations.permissions import permission_required
from apps.socle.facts import Trace, traces
from apps.socle.models import Fait
from apps.socle.screens.lists import page_of

VOIR = "comptabilite.view_sessioncaisse"


@permission_required(VOIR)
@require_GET
def une_session(request: HttpRequest, session_caisse_id: uuid.UUID) -> HttpResponse:
    """Show who kept which till, its float, takings by means and count, its receipts, and what its own facts left."""
    session = get_object_or_404(SessionCaisse.objects.select_related("caisse", "caissier"), pk=session_caisse_id)
    contexte: dict[str, Any] = {
        "session": session,
        "par_moyen": recettes_par_moyen(PaiementQuittance.objects.filter(quittance__session_caisse=session)),
        "attendu": especes_attendues(session) if session.est_ouverte else session.attendu,
        "page": page_of(request, session.quittances.order_by("-date_paiement", "-id"), per_page=10),
        "traces": _traces(session),
        "devise": session.devise,
    }
    return render(request, "comptabilite/caisse/une_session.html", contexte)


def _traces(session: SessionCaisse) -> list[Trace]:
    """Return what the float that moved and the difference that was found left in the books."""
    faits = Fait.objects.filter(source_type=SessionCaisse._meta.label, source_id=session.pk).order_by(
        "created_at", "id"
    )
    return [trace for fait in faits.values_list("pk", flat=True) for trace in traces(fait)]
