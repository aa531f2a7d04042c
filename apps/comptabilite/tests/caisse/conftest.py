"""A counter that can work at once."""

from __future__ import annotations

import pytest

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
