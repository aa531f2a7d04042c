"""A hospital whose days are sealed, and its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.fiscal.tests.archive.support import archived
from apps.organisations.models import Tenant


@pytest.fixture
def house(sealed_house: Tenant) -> Tenant:
    return sealed_house


@pytest.fixture
def made(house: Tenant, tmp_path: Path) -> Path:
    return archived(tmp_path)
