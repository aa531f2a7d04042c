"""A hospital whose days are sealed, and its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.fiscal.tests.archive.support import archived
from apps.fiscal.tests.history import FIRST, clock_of, declare_sales, live
from apps.organisations.models import Tenant


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Tenant:
    """A hospital with three sealed days, in scope."""
    declare_sales(monkeypatch)
    clock = clock_of(monkeypatch)
    clock(FIRST)
    tenant: Tenant = request.getfixturevalue("tenant")
    live(tenant, clock)
    return tenant


@pytest.fixture
def made(house: Tenant, tmp_path: Path) -> Path:
    return archived(tmp_path)
