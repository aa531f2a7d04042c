"""Facts for the ledger's tests: the real types and roles, published by a document of no importance."""

from __future__ import annotations

import pytest

from apps.comptabilite.grand_livre.subscribers import comptabiliser_fait
from apps.comptabilite.tests.grand_livre.factories import DECLARATIONS
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle import facts
from apps.socle.actors import Acteur


@pytest.fixture(autouse=True)
def faits_d_essai(monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of the till and of the invoices, their source a third party, heard by the ledger alone."""
    monkeypatch.setattr(facts, "_declarations", {d.type: d for d in DECLARATIONS})
    monkeypatch.setattr(facts, "_subscribers", {"comptabilite": comptabiliser_fait})


@pytest.fixture
def comptable(tenant: Tenant) -> Acteur:
    return make_acteur(tenant, "comptable")


@pytest.fixture
def caissier(tenant: Tenant) -> Acteur:
    return make_acteur(tenant, "caissier")
