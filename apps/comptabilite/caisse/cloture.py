"""What the till has not finished when a day of the chain is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import StatutFacture, StatutSession
from apps.comptabilite.caisse.listes import debut_du_jour
from apps.comptabilite.caisse.models import FactureCaisse, SessionCaisse
from apps.fiscal.preclosing import Unfinished
from apps.organisations.models import Tenant


def sessions_non_fermees(tenant: Tenant, debut: date, fin: date) -> Iterator[Unfinished]:
    """Yield the till sessions opened by the end of `fin` and not closed, each on its own, and the invoices that wait."""
    apres = debut_du_jour(fin + timedelta(days=1), tenant.time_zone)
    ouvertes = SessionCaisse.objects.filter(statut=StatutSession.OUVERTE, ouverte_le__lt=apres)
    for session in ouvertes.select_related("caisse", "caissier").order_by("caisse__code"):
        libelle = _("Caisse %(caisse)s ouverte par %(caissier)s") % {
            "caisse": session.caisse.code,
            "caissier": session.caissier.full_name,
        }
        adresse = reverse_lazy("caisse:une_session", args=[session.pk])
        qui = _("%s seul peut la fermer, en comptant son tiroir.") % session.caissier.full_name
        yield Unfinished("session_caisse", libelle, 1, adresse, qui)
    attente = FactureCaisse.objects.filter(statut=StatutFacture.EN_ATTENTE, date_creation__lt=apres)
    yield Unfinished("facture_en_attente", _("Factures à valider"), attente.count(), reverse_lazy("caisse:factures"))
