"""What the till has not finished when a day of the chain is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, OuterRef
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from apps.comptabilite.caisse.choices import StatutFacture, StatutSession
from apps.comptabilite.caisse.models import FactureCaisse, Quittance, SessionCaisse
from apps.fiscal.models import FiscalEntry
from apps.fiscal.preclosing import Unfinished, moments
from apps.organisations.models import Tenant


def sessions_non_fermees(tenant: Tenant, debut: date, fin: date) -> Iterator[Unfinished]:
    """Yield the open till sessions that began or took money in these fiscal days, each on its own, and the invoices
    entered in them that wait.
    """
    duree = moments(tenant, debut, fin)
    ouvertes = SessionCaisse.objects.filter(
        duree.of("ouverte_le") | _a_encaisse(debut, fin), statut=StatutSession.OUVERTE
    )
    for session in ouvertes.select_related("caisse", "caissier").order_by("caisse__code"):
        libelle = _("Caisse %(caisse)s ouverte par %(caissier)s") % {
            "caisse": session.caisse.code,
            "caissier": session.caissier.full_name,
        }
        adresse = reverse_lazy("caisse:une_session", args=[session.pk])
        qui = _("À fermer par %s, en comptant son tiroir.") % session.caissier.full_name
        yield Unfinished("session_caisse", libelle, 1, adresse, qui)
    attente = FactureCaisse.objects.filter(duree.of("date_creation"), statut=StatutFacture.EN_ATTENTE)
    yield Unfinished("facture_en_attente", _("Factures à valider"), attente.count(), reverse_lazy("caisse:factures"))


def _a_encaisse(debut: date, fin: date) -> Exists:
    """Return the condition that one of the session's receipts has its link in these days: its drawer is theirs too."""
    maillons = FiscalEntry.objects.filter(
        entity_type="comptabilite.Quittance", entity_id=OuterRef("pk"), fiscal_date__range=(debut, fin)
    )
    return Exists(Quittance.objects.filter(Exists(maillons), session_caisse=OuterRef("pk")))
