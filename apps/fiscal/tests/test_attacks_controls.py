"""What looks like a change of the chain and is none stays green."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from apps.fiscal import crypto
from apps.fiscal.models import FiscalCommitment
from apps.fiscal.services.verify_chain import verify_chain
from apps.fiscal.tests.attacks import LENGTH, AsOwner
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant, Tiers
from apps.socle.scope import scope

pytestmark = pytest.mark.database

verify_chain_module = import_module("apps.fiscal.services.verify_chain")


@pytest.mark.parametrize(
    "change",
    [
        "set local timezone = 'Asia/Tokyo'",
        "set local timezone = 'America/St_Johns'",
        "set local datestyle = 'German, DMY'",
        "set local intervalstyle = 'sql_standard'",
        "set local lc_time = 'C'",
        "set local lc_numeric = 'C'",
        "set local bytea_output = 'escape'",
        "set local extra_float_digits = 0",
        "set local enable_indexscan = off; set local enable_bitmapscan = off",
        "set local search_path = public, pg_catalog",
    ],
)
def test_settings_of_server_or_session_change_nothing(tenant: Tenant, change: str) -> None:
    chain_links(tenant, LENGTH, CASHIER)
    with connection.cursor() as cursor:
        cursor.execute(change)
    found = verify_chain()
    assert (found.holds, found.entries) == (True, LENGTH), found.first


def test_links_made_under_another_setting_are_the_same_links(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local timezone = 'Asia/Tokyo'; set local bytea_output = 'escape'")
        chain_links(tenant, LENGTH, CASHIER)
        cursor.execute("set local timezone = 'UTC'; set local bytea_output = 'hex'")
    assert verify_chain().holds


def test_the_tenants_zone_moving_changes_nothing(tenant: Tenant) -> None:
    chain_links(tenant, 2)
    for zone in ("Pacific/Kiritimati", "Pacific/Niue", "Africa/Douala"):
        tenant.time_zone = zone
        tenant.save()
        chain_links(tenant, 2)
        assert verify_chain().holds


def test_names_that_change_change_nothing(tenant: Tenant) -> None:
    chain_links(tenant, 2, CASHIER)
    tenant.legal_name = tenant.name = "Hôpital de la Mère et de l’Enfant"
    tenant.save()
    Tiers.objects.update(nom="Patients fusionnés")
    chain_links(tenant, 1, CASHIER)
    assert verify_chain().holds


def test_jsonb_brought_in_again_in_another_order_changes_nothing(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        for identifier, content in owner.raw.execute("select id, data_snapshot from fiscal_fiscalentry").fetchall():
            turned = json.dumps(dict(reversed(content.items())), indent=3)
            owner.run(
                "update fiscal_fiscalentry set data_snapshot = %(turned)s where id = %(id)s",
                turned=turned,
                id=identifier,
            )
        assert owner.verify().holds


def test_rows_stored_in_another_order_change_nothing(hospital: Tenant, as_owner: AsOwner) -> None:
    with as_owner(hospital) as owner:
        owner.raw.execute("create temp table kept as select * from fiscal_fiscalentry")
        owner.run("delete from fiscal_fiscalentry")
        owner.run("insert into fiscal_fiscalentry select * from kept order by sequence_number desc")
        assert owner.verify().holds


def test_erased_clear_text_changes_nothing(hospital: Tenant) -> None:
    with scope(hospital.pk):
        assert FiscalCommitment.objects.filter(entry__sequence_number__gt=2).count() == LENGTH - 2
        FiscalCommitment.objects.filter(entry__sequence_number__gt=2).delete()
        assert verify_chain().holds
        FiscalCommitment.objects.all().delete()
        assert verify_chain().holds


def test_an_empty_chain_holds(tenant: Tenant) -> None:
    found = verify_chain()
    assert (found.holds, found.entries, found.head_hash) == (True, 0, crypto.genesis_hash(tenant.pk))


def test_links_added_meanwhile_are_left_for_the_next_time(
    committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain_links(committed_tenant, 3)
    read_head = verify_chain_module.read_head

    def then_somebody_sells(tenant_id: Any) -> Any:
        head = read_head(tenant_id)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_sell_and_leave, committed_tenant).result()
        return head

    monkeypatch.setattr(verify_chain_module, "read_head", then_somebody_sells)
    with scope(committed_tenant.pk):
        found = verify_chain()
    assert (found.holds, found.entries) == (True, 3)


def _sell_and_leave(tenant: Tenant) -> None:
    try:
        chain_links(tenant, 1)
    finally:
        connection.close()
