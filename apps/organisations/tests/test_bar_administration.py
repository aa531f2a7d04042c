"""The bar leads to the administration, for whoever may enter it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user


@pytest.mark.parametrize(("role", "shown"), [("administrateur", True), ("caissier", False)])
def test_the_bar_leads_to_the_administration_whoever_may_enter_it(
    tenant: Tenant, settings: Any, role: str, shown: bool
) -> None:
    settings.SECOND_FACTOR = "optional"
    client = Client()
    client.force_login(make_user(tenant, role), backend="apps.organisations.backends.MembershipBackend")
    page = client.get(f"/{tenant.slug}/compte/password/change/")
    assert page.status_code == 200
    assert (f'href="/{tenant.slug}/admin/"' in page.content.decode()) is shown
