"""What the home page shows of the ledger."""

from __future__ import annotations

from apps.comptabilite.grand_livre import selectors
from apps.organisations.dashboard import Block
from apps.organisations.requests import StaffRequest


def a_faire(request: StaffRequest) -> Block:
    """What waits for an accountant: pending imputations, entries to validate."""
    contexte = {"a_valider": selectors.nombre_a_valider(), "en_attente": selectors.nombre_en_attente()}
    return Block("comptabilite/grand_livre/accueil.html", contexte)
