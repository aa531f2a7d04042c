"""A sale put aside while its patient is registered on another screen, and taken up again with its lines.

It is kept in the person's session, never among the house's data: a sale is written when it is collected.
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from apps.comptabilite.caisse.views.composition import Composition
from apps.organisations.requests import StaffRequest
from apps.socle.screens.addresses import with_query
from apps.socle.templatetags.cauris import KEY_FIELD

GARDEES = 5
"""Sales put aside a person: as many tabs as one works in."""
SESSION = "caisse_ventes_suspendues"
PARAMETRE = "vente"


def enregistrer_un_patient(composition: Composition, staff: StaffRequest) -> HttpResponse:
    """Put the sale aside and lead to the registration of what was searched, and back from there."""
    jeton = uuid4().hex
    suspendues = staff.session.get(SESSION, {})
    suspendues[jeton] = {
        "tenant": str(staff.tenant.id),
        "cle": staff.POST.get(KEY_FIELD, ""),
        "donnees": {**composition.donnees(), "motif": composition.motif, "ajout": composition.ajout},
    }
    staff.session[SESSION] = dict(list(suspendues.items())[-GARDEES:])
    retour = with_query(reverse("caisse:encaisser"), {PARAMETRE: jeton})
    demande = urlencode({"q": composition.q, "retour": retour})
    return HttpResponseRedirect(f"{reverse('hospital:patient_creer')}?{demande}")


def reprendre(request: HttpRequest, staff: StaffRequest) -> tuple[Composition, str]:
    """Return the sale that this address takes up, for the patient that it names, and the key of its form.

    An address that names no sale of this house is a new one. The key is the one that the sale was put aside
    with: taken up again after it was collected, it finds its receipt.
    """
    composition, cle = Composition(), ""
    suspendue = staff.session.get(SESSION, {}).get(request.GET.get(PARAMETRE, ""))
    if suspendue and suspendue["tenant"] == str(staff.tenant.id):
        donnees = QueryDict(mutable=True)
        donnees.update(suspendue["donnees"])
        composition, cle = Composition.lire(donnees), suspendue["cle"]
    composition.patient = request.GET.get("patient", "")
    return composition, cle
