"""Every lock that the till takes, after the tenant's: session, then invoice, then receipt."""

from __future__ import annotations

import uuid

from apps.comptabilite.caisse.models import FactureCaisse, Quittance, RepriseCaisse, SessionCaisse
from apps.socle.unit_of_work import held, hold


def session_verrouillee(session_caisse_id: uuid.UUID) -> SessionCaisse:
    """Lock and return the session. Raises SessionCaisse.DoesNotExist, another tenant's included."""
    tenue = held(SessionCaisse, session_caisse_id)
    if tenue is not None:
        return tenue
    sessions = SessionCaisse.objects.select_for_update(of=("self",)).select_related("caisse", "caissier")
    return hold(sessions.get(pk=session_caisse_id))


def facture_verrouillee(facture_id: uuid.UUID) -> FactureCaisse:
    """Lock and return the invoice. Raises FactureCaisse.DoesNotExist, another tenant's included."""
    tenue = held(FactureCaisse, facture_id)
    if tenue is not None:
        return tenue
    factures = FactureCaisse.objects.select_for_update(of=("self",))
    return hold(factures.select_related("session__patient__tiers", "invoice").get(pk=facture_id))


def quittance_verrouillee(quittance_id: uuid.UUID) -> Quittance:
    """Lock and return the receipt. Raises Quittance.DoesNotExist, another tenant's included."""
    return Quittance.objects.select_for_update(of=("self",)).get(pk=quittance_id)


def reprise_verrouillee(reprise_id: uuid.UUID) -> RepriseCaisse:
    """Lock and return the takeover. Raises RepriseCaisse.DoesNotExist, another tenant's included."""
    return RepriseCaisse.objects.select_for_update(of=("self",)).get(pk=reprise_id)
