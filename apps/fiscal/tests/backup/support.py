"""Backups that are made and put back, and the databases beside the one that serves."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.fiscal.models import FiscalEntry, FiscalIntegrityCheck
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.services.deliver_anchor import deliver_anchor
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM
from apps.socle.launch.backup import databases
from apps.socle.scope import scope
from tests.support.database import connection_string


def name() -> str:
    return str(connections["owner"].settings_dict["NAME"])


def server() -> psycopg.Connection:
    """A connection of the owner beside the test database."""
    return psycopg.connect(connection_string("owner"), dbname=databases.NEIGHBOUR, autocommit=True)


def beside(kind: str) -> list[str]:
    with server() as connection:
        beginning = databases.name_beside(name(), kind, "")
        rows = connection.execute(
            "select datname from pg_database where starts_with(datname, %s) order by 1", [beginning]
        )
        return [row[0] for row in rows.fetchall()]


def back_up(folder: Path) -> tuple[Path, str]:
    output, before = io.StringIO(), set(folder.glob("*.zip"))
    call_command("sauvegarder", "--vers", str(folder), stdout=output, stderr=io.StringIO())
    (made,) = set(folder.glob("*.zip")) - before
    return made.rename(folder / f"{len(before)}.zip"), output.getvalue()


def put_back(path: Path, monkeypatch: pytest.MonkeyPatch, typed: str = "", *options: str) -> str:
    monkeypatch.setattr("builtins.input", lambda: typed or name())
    output = io.StringIO()
    try:
        call_command("restaurer", str(path), *options, stdout=output, stderr=io.StringIO())
    except CommandError as error:
        error.output = output.getvalue()  # type: ignore[attr-defined]
        raise
    return output.getvalue()


def anchor(tenant: Tenant) -> None:
    with scope(tenant.pk):
        (made,) = anchor_head(acteur=SYSTEM, hand_over=False)
    deliver_anchor(tenant_id=tenant.pk, anchor_id=made.pk)


def links(tenant: Tenant) -> int:
    with scope(tenant.pk):
        return FiscalEntry.objects.count()


def check(tenant: Tenant) -> FiscalIntegrityCheck:
    with scope(tenant.pk):
        return check_chain(acteur=SYSTEM)
