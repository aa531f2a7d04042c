"""A hospital whose database is backed up, and put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections
from psycopg import sql

from apps.fiscal.tests.backup.support import back_up, beside, name, server
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant
from apps.socle.launch.backup import databases


@pytest.fixture
def house(committed_tenant: Tenant, settings: LazySettings, tmp_path: Path) -> Iterator[Tenant]:
    """A hospital with three links and files, and the test database itself put back afterwards."""
    settings.STORAGES = settings.STORAGES | {"default": {"OPTIONS": {"location": str(tmp_path / "files")}}}
    (tmp_path / "files" / "recus").mkdir(parents=True)
    (tmp_path / "files" / "recus" / "un.txt").write_text("reçu")
    chain_links(committed_tenant, 3, CASHIER)
    yield committed_tenant
    connections.close_all()
    kept, former = name(), beside(databases.KEPT)
    with server() as connection:
        if former:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(kept)))
            rename = sql.SQL("alter database {} rename to {}")
            connection.execute(rename.format(sql.Identifier(former[0]), sql.Identifier(kept)))
        for left in [*former[1:], *beside(databases.DRAFT)]:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(left)))


@pytest.fixture
def copy(house: Tenant, tmp_path: Path) -> Path:
    return back_up(tmp_path)[0]
