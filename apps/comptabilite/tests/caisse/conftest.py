"""A counter that can work at once, and the people in front of its screens."""

from __future__ import annotations

import pytest

from apps.comptabilite.tests.caisse.ecrans import Page, Personne
from apps.comptabilite.tests.caisse.factories import Guichet, make_guichet
from apps.organisations.models import Tenant


@pytest.fixture
def guichet(tenant: Tenant) -> Guichet:
    """In the tenant's scope, inside the test's transaction."""
    return make_guichet(tenant)


@pytest.fixture
def guichet_engage(committed_tenant: Tenant) -> Guichet:
    """Committed, for tests with several connections; no scope is open."""
    return make_guichet(committed_tenant)


@pytest.fixture
def caissiere(guichet: Guichet) -> Personne:
    """The cashier, signed in, her till open."""
    return Personne(guichet.tenant, guichet.caissiere)


@pytest.fixture
def comptable(guichet: Guichet, settings) -> Personne:
    """The accountant, signed in; the second factor has tests of its own."""
    settings.SECOND_FACTOR = "optional"
    return Personne(guichet.tenant, guichet.comptable)


@pytest.fixture
def poste(guichet: Guichet, caissiere: Personne) -> Page:
    """The cashier's screen with the patient chosen and a consultation of 5,000 on it."""
    page = caissiere.ouvrir("caisse:encaisser", patient=guichet.patient.id)
    return caissiere.presser(page, "ajouter:CONS-GEN")
