"""What the law says is not the runtime's to change: tests change it as the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.database import connect_as

Run = Callable[[str, list[Any]], None]


@pytest.fixture
def owner_rules(transactional_db: None) -> Iterator[Run]:
    """Run SQL on the tax rules as the owner, committed; what it added or closed is undone afterwards."""
    with connect_as("owner") as owner:
        yield lambda sql, values: owner.execute(sql, values) and None
