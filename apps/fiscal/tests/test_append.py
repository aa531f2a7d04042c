"""One published fact, one link."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings, settings
from django.db import connection

from apps.fiscal import canonical, crypto
from apps.fiscal.canonical import CanonicalError
from apps.fiscal.choices import EntryType, LegalStatus
from apps.fiscal.models import FiscalCommitment, FiscalEntry, FiscalKey, FiscalSequence
from apps.fiscal.services.append_entry import append_entry, fiscal_date
from apps.fiscal.services.open_chain import open_chain
from apps.fiscal.subscribers import chain
from apps.fiscal.tests import second_implementation as second
from apps.fiscal.tests.factories import CASHIER, TEST_FACT, chain_links, publish_one, to_publish
from apps.organisations import provisioning
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant, make_tiers
from apps.socle import clock, facts
from apps.socle.actors import SYSTEM, takeover_actor
from apps.socle.errors import BusinessError
from apps.socle.facts import FactDeclaration, FactLine
from apps.socle.fields import uuid7
from apps.socle.models import Fait
from apps.socle.scope import scope

pytestmark = pytest.mark.database


def test_a_new_tenant_has_a_key_and_a_head_at_its_genesis(tenant: Tenant) -> None:
    head = FiscalSequence.objects.get()
    assert (head.last_sequence_number, head.head_hash) == (0, crypto.genesis_hash(tenant.pk))
    assert (head.last_fiscal_date, head.lock_version) == (None, 0)
    key = FiscalKey.objects.get()
    assert (key.key_id, key.algorithm, len(key.public_key)) == ("k1", crypto.ALGORITHM, 32)
    assert key.fingerprint == crypto.fingerprint(bytes(key.public_key))


def test_opening_twice_changes_nothing(tenant: Tenant) -> None:
    chain_links(tenant, 1)
    assert open_chain(acteur=SYSTEM).last_sequence_number == 1
    assert FiscalKey.objects.count() == 1


def test_each_tenant_has_its_own_chain_and_key(tenant: Tenant, autre_tenant: Tenant) -> None:
    mine, theirs = chain_links(tenant, 2), chain_links(autre_tenant, 2)
    assert [link.sequence_number for link in mine + theirs] == [1, 2, 1, 2]
    assert mine[0].previous_hash != theirs[0].previous_hash
    assert FiscalEntry.objects.count() == 2, "the other tenant's links are not seen"
    assert bytes(mine[0].signature) != bytes(theirs[0].signature)


def test_links_follow_one_another_and_move_the_head(tenant: Tenant) -> None:
    links = chain_links(tenant, 3)
    assert [link.sequence_number for link in links] == [1, 2, 3]
    assert links[0].previous_hash == crypto.genesis_hash(tenant.pk)
    assert [link.previous_hash for link in links[1:]] == [link.chain_hash for link in links[:2]]
    head = FiscalSequence.objects.get()
    assert (head.last_sequence_number, head.head_hash) == (3, links[2].chain_hash)
    assert (head.last_fiscal_date, head.last_sequence_date) == (links[2].fiscal_date, links[2].created_at)
    assert head.lock_version == 3


def test_a_link_says_what_happened_in_full(tenant: Tenant) -> None:
    acteur = CASHIER
    (link,) = chain_links(tenant, 1, acteur, number="QUIT-2026-00001", day=date(2026, 10, 3))
    fact = Fait.objects.get()
    said = link.data_snapshot
    assert said["document"] == fact.snapshot
    assert said["fact"]["lines"] == [
        {"role": "reglement", "amount": "11500", "label": "Espèces", "criteria": {"moyen": "ESPECES"}}
    ]
    assert said["fact"]["tiers"] == {"id": str(fact.tiers_id), "label": fact.tiers_label}
    assert (said["fact"]["type"], said["fact"]["currency"]) == (TEST_FACT.type, "XAF")
    assert (said["tenant_name"], said["environment"]) == ("Hôpital Sainte-Odile", "production")
    assert (said["actor_type"], said["actor_id"]) == ("user", str(acteur.id))
    assert (said["actor_label"], said["actor_role"]) == (acteur.label, "caissier")
    assert (said["entity_type"], said["entity_id"]) == ("organisations.Tiers", str(fact.source_id))
    assert (said["entity_number"], said["document_date"]) == ("QUIT-2026-00001", "2026-10-03")
    assert link.fact == fact


def test_the_stored_bytes_are_the_canonical_ones_and_the_signature_is_over_the_link(tenant: Tenant) -> None:
    (link,) = chain_links(tenant, 1)
    stored = bytes(link.data_canonical)
    assert stored == canonical.canonical_bytes(link.data_snapshot)
    assert link.data_hash == canonical.data_hash(stored)
    assert link.chain_hash == crypto.chain_hash(1, link.previous_hash, link.data_hash)
    public = crypto.Ed25519PublicKey.from_public_bytes(bytes(FiscalKey.objects.get().public_key))
    assert crypto.signature_holds(public, link.chain_hash, bytes(link.signature))
    assert not crypto.signature_holds(public, link.data_hash, bytes(link.signature))


def test_a_stranger_verifies_what_the_platform_made(tenant: Tenant) -> None:
    """The second implementation, on the rows that the format page says to read."""
    chain_links(tenant, 2, CASHIER)
    with connection.cursor() as cursor:
        cursor.execute("select public_key from fiscal_fiscalkey")
        public = bytes(cursor.fetchone()[0])
        cursor.execute(
            "select sequence_number, data_canonical, data_hash, previous_hash, chain_hash, signature"
            " from fiscal_fiscalentry where tenant_id = %s order by sequence_number",
            [tenant.pk],
        )
        rows = cursor.fetchall()
    previous = second.genesis(str(tenant.pk))
    for expected, (number, raw, data, before, linked, signature) in enumerate(rows, start=1):
        assert (number, before) == (expected, previous.hex())
        assert second.canonical(json.loads(bytes(raw))).encode() == bytes(raw)
        assert second.sha256(bytes(raw)).hex() == data
        previous = second.link(number, previous, bytes.fromhex(data))
        assert previous.hex() == linked
        assert second.signature_holds(public, previous, bytes(signature))


def test_address_and_browser_are_committed_to_and_can_be_erased(tenant: Tenant) -> None:
    acteur = CASHIER
    (link,) = chain_links(tenant, 1, acteur)
    stored = bytes(link.data_canonical).decode()
    assert (link.ip_address, link.user_agent) == (acteur.ip, acteur.user_agent)
    assert acteur.ip is not None
    assert acteur.ip not in stored
    kept = FiscalCommitment.objects.get()
    assert kept.ip_address is not None
    assert link.data_snapshot["ip_commitment"] == crypto.commitment("ip_address", bytes(kept.ip_salt), kept.ip_address)
    assert kept.ip_salt != kept.user_agent_salt
    kept.delete()
    erased = FiscalEntry.objects.get()
    assert (erased.ip_address, erased.user_agent) == (None, None)


def test_two_links_of_one_address_do_not_look_alike(tenant: Tenant) -> None:
    first, second = chain_links(tenant, 2, CASHIER)
    assert first.ip_address == second.ip_address
    assert first.data_snapshot["ip_commitment"] != second.data_snapshot["ip_commitment"]


def test_who_has_no_address_commits_to_nothing(tenant: Tenant) -> None:
    (link,) = chain_links(tenant, 1, SYSTEM)
    assert (link.data_snapshot["ip_commitment"], link.data_snapshot["user_agent_commitment"]) == (None, None)
    assert not FiscalCommitment.objects.exists()
    assert (link.ip_address, link.actor_id, link.actor_type) == (None, None, "system")


def test_the_takeover_actor_is_shown_as_such(tenant: Tenant) -> None:
    (link,) = chain_links(tenant, 1, takeover_actor("cahier d’octobre"))
    assert (link.actor_type, link.data_snapshot["actor_label"]) == ("takeover", "Reprise : cahier d’octobre")


def test_a_sandbox_says_so_in_each_link(db: None) -> None:
    sandbox = make_tenant(slug="essai", name="Essai", environment="sandbox")
    (link,) = chain_links(sandbox, 1)
    assert (link.environment, link.data_snapshot["environment"]) == ("sandbox", "sandbox")


def test_the_fiscal_day_is_the_tenants_own(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    (link,) = chain_links(tenant, 1)
    assert link.fiscal_date == date(2026, 11, 21), "half past midnight in Douala"
    assert link.data_snapshot["created_at"] == "2026-11-20T23:30:00.000000Z"


def test_a_clock_set_back_does_not_turn_the_day_back(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for moment, expected in (
        (datetime(2026, 11, 21, 9, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 18, 9, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), date(2026, 11, 22)),
    ):
        monkeypatch.setattr("django.utils.timezone.now", lambda moment=moment: moment)
        (link,) = chain_links(tenant, 1)
        assert (link.fiscal_date, link.created_at) == (expected, moment)


@pytest.mark.parametrize(
    ("zone", "last", "expected"),
    [
        ("Africa/Douala", None, date(2026, 11, 21)),
        ("UTC", None, date(2026, 11, 20)),
        ("UTC", date(2026, 11, 19), date(2026, 11, 20)),
        ("UTC", date(2026, 11, 25), date(2026, 11, 25)),
        ("Pacific/Kiritimati", None, date(2026, 11, 21)),
        ("Pacific/Niue", None, date(2026, 11, 20)),
    ],
)
def test_fiscal_date(zone: str, last: date | None, expected: date) -> None:
    assert fiscal_date(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), zone, last) == expected


@pytest.mark.parametrize("value", [Decimal("11500"), 11500.0, date(2026, 11, 20), {"deep": [Decimal(1)]}])
def test_a_snapshot_without_single_spelling_writes_nothing(tenant: Tenant, value: Any) -> None:
    source = make_tiers(tenant)
    with pytest.raises((CanonicalError, TypeError)):
        publish_one(source=source, acteur=SYSTEM, values={"snapshot": {"total": value}})
    assert not FiscalEntry.objects.exists()
    assert not Fait.objects.exists(), "the producer's fact went with it"
    assert FiscalSequence.objects.get().last_sequence_number == 0


def test_without_a_chain_nothing_is_published(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioning, "_steps", {})
    bare = make_tenant(slug="sans-chaine", name="Sans chaîne")
    with pytest.raises(BusinessError, match="pas encore de chaîne"):
        chain_links(bare, 1)
    with scope(bare.pk):
        assert not Fait.objects.exists()


def test_a_key_without_the_secret_that_made_it_does_not_sign(
    tenant: Tenant, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MASTER_SECRET_FILE = other = tmp_path / "master"
    other.write_text("11" * 32)
    with pytest.raises(crypto.MasterSecretError, match="did not make the key k1"):
        chain_links(tenant, 1)
    other.unlink()
    with pytest.raises(crypto.MasterSecretError, match="cannot be read"):
        chain_links(tenant, 1)
    assert not FiscalEntry.objects.exists()


def test_a_retired_key_no_longer_signs(tenant: Tenant) -> None:
    FiscalKey.objects.update(retired_at=clock.now())
    with pytest.raises(BusinessError, match="pas de clé de signature"):
        chain_links(tenant, 1)


def test_a_fact_is_chained_once(tenant: Tenant) -> None:
    source = make_tiers(tenant)
    published = publish_one(source=source, acteur=SYSTEM, values={})
    with pytest.raises(BusinessError, match="existe déjà"):
        append_entry(fact=published, acteur=SYSTEM)
    assert FiscalSequence.objects.get().last_sequence_number == 1


def test_a_fact_of_zero_is_chained(tenant: Tenant) -> None:
    (link,) = chain_links(tenant, 1, amount=Decimal(0))
    assert link.data_snapshot["fact"]["lines"][0]["amount"] == "0"


def test_the_chain_hears_every_fact_and_last() -> None:
    assert settings.FACT_SUBSCRIBER_ORDER[-1] == "fiscal"
    assert facts.subscribers()["fiscal"] is chain


@pytest.mark.parametrize("declaration", [*facts.declarations(), TEST_FACT], ids=attrgetter("type"))
def test_every_declared_fact_is_chained(tenant: Tenant, declaration: FactDeclaration) -> None:
    """Whatever an app declares reaches the chain, in words that the chain knows."""
    assert declaration.entry_type in EntryType.values
    assert declaration.legal_status in LegalStatus.values
    source = apps.get_model(declaration.source)(pk=uuid7())
    lines = tuple(FactLine(role, Decimal(1), "x") for role in declaration.roles)
    wanted = replace(to_publish(make_tiers(tenant)), type=declaration.type, source=source, lines=lines)
    published = facts.publish(wanted)
    link = FiscalEntry.objects.get()
    assert (link.fact_id, link.entity_id, link.entry_type) == (published.id, source.pk, declaration.entry_type)
    assert [line["role"] for line in link.data_snapshot["fact"]["lines"]] == list(declaration.roles)
