"""Heads go outside: asked for in the transaction, delivered after it, once."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import boto3
import pytest
from botocore.stub import ANY, Stubber
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from apps.fiscal import anchor_file as files
from apps.fiscal import closings, health, places, tasks
from apps.fiscal.anchor_file import lines
from apps.fiscal.anchor_line import FIRST_LINE, read
from apps.fiscal.choices import AnchorStatus
from apps.fiscal.models import FiscalAnchor, FiscalClosing, FiscalEntry
from apps.fiscal.services import deliver_anchor as delivery
from apps.fiscal.services.anchor_head import anchor_head
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.deliver_anchor import deliver_anchor
from apps.fiscal.tests.attacks import change_the_key
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant, make_user
from apps.socle import clock
from apps.socle.actors import SYSTEM
from apps.socle.models import AuditTrail
from apps.socle.scope import scope
from tests.front.support import assert_house_page

pytestmark = pytest.mark.database


def closed() -> FiscalClosing:
    """Seal the chain's first day, which anchors the link of the closing."""
    first = closings.first_day()
    assert first is not None
    return close_period(closing_type="daily", closing_date=first, acteur=SYSTEM).closing


def deliver(anchor: FiscalAnchor) -> AnchorStatus | None:
    state = deliver_anchor(tenant_id=anchor.tenant_id, anchor_id=anchor.pk)
    with scope(anchor.tenant_id):
        anchor.refresh_from_db()
    return state


def written(path: Path) -> list[int]:
    return [found.head.sequence_number for found in lines(path) if found.head]


# Asking --------------------------------------------------------------------------------------------


def test_a_head_waits_in_the_database_until_it_is_committed(
    tenant: Tenant, anchor_file: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.deliver_one_anchor, "delay", lambda *values: asked.append(values))
    chain_links(tenant, 1)
    with django_capture_on_commit_callbacks(execute=True):
        closing = closed()
        assert not asked
    anchor, link = FiscalAnchor.objects.get(), FiscalEntry.objects.get(sequence_number=2)
    assert asked == [(str(tenant.pk), str(anchor.pk))]
    assert (anchor.status, anchor.entry_id, anchor.sequence_number) == ("pending", link.pk, 2)
    assert link.entry_type == "closing", "the head is the closing's own link"
    assert (anchor.chain_hash, anchor.anchor_type) == (link.chain_hash, "file")
    assert (anchor.closing, anchor.closing_hash) == (closing, closing.closing_hash)
    assert not anchor_file.exists()
    trace = AuditTrail.objects.get(action="anchored")
    assert trace.new_values == {"sequence_number": 2, "places": ["file"]}


def test_what_is_written_says_whose_head_it_is_and_is_signed(tenant: Tenant) -> None:
    closing = closed()
    anchor, link = FiscalAnchor.objects.get(), FiscalEntry.objects.get()
    said = json.loads(anchor.line)
    assert said.pop("signature")
    assert said == {
        "version": 1,
        "tenant_id": str(tenant.pk),
        "tenant": "sainte-odile",
        "sequence_number": 1,
        "chain_hash": link.chain_hash,
        "closing_type": "daily",
        "closing_date": closing.closing_date.isoformat(),
        "closing_hash": closing.closing_hash,
        "fiscal_date": link.fiscal_date.isoformat(),
        "anchored_at": anchor.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "key_id": "k1",
    }


def test_a_closing_and_a_day_are_anchored_once(tenant: Tenant) -> None:
    assert anchor_head(acteur=SYSTEM, closing=closed()) == []
    assert anchor_head(acteur=SYSTEM, day=date(2026, 11, 20))
    chain_links(tenant, 1)
    assert anchor_head(acteur=SYSTEM, day=date(2026, 11, 20)) == []
    assert anchor_head(acteur=SYSTEM, day=date(2026, 11, 21))
    assert FiscalAnchor.objects.count() == 3


def test_an_empty_chain_has_no_head(tenant: Tenant) -> None:
    assert anchor_head(acteur=SYSTEM) == []


def test_each_place_that_is_set_gets_a_row(tenant: Tenant, settings: LazySettings) -> None:
    settings.ANCHOR_S3_BUCKET, settings.ANCHOR_EMAIL = "ancres", "greffe@example.cm"
    chain_links(tenant, 1)
    anchors = anchor_head(acteur=SYSTEM, day=date(2026, 11, 20))
    assert [anchor.anchor_type for anchor in anchors] == ["file", "s3", "email"]
    assert len({anchor.line for anchor in anchors}) == 1


def test_nothing_goes_out_of_a_transaction_that_is_taken_back(
    committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(tasks.deliver_one_anchor, "delay", lambda *values: asked.append(values))
    chain_links(committed_tenant, 1)
    with scope(committed_tenant.pk):
        anchor_head(acteur=SYSTEM)
        transaction.set_rollback(True)
    assert not asked
    with scope(committed_tenant.pk):
        assert not FiscalAnchor.objects.exists()


def test_a_broker_that_is_down_undoes_nothing(committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_values: str) -> None:
        raise ConnectionError("broker")

    monkeypatch.setattr(tasks.deliver_one_anchor, "delay", down)
    chain_links(committed_tenant, 1)
    with scope(committed_tenant.pk):
        anchor_head(acteur=SYSTEM)
    with scope(committed_tenant.pk):
        assert FiscalAnchor.objects.get().status == "pending"


# Delivering to the file ----------------------------------------------------------------------------


@pytest.fixture
def waiting(tenant: Tenant) -> FiscalAnchor:
    """A head of two links that waits for the file."""
    chain_links(tenant, 2, CASHIER)
    (anchor,) = anchor_head(acteur=SYSTEM, hand_over=False)
    return anchor


def test_a_head_is_written_once_however_often_it_is_delivered(waiting: FiscalAnchor, anchor_file: Path) -> None:
    assert deliver(waiting) == AnchorStatus.VERIFIED
    assert (waiting.anchor_reference, waiting.proof_path) == ("ancres.jsonl", str(anchor_file))
    assert deliver(waiting) is None
    assert deliver(waiting) is None
    (line,) = lines(anchor_file)
    assert line.head is not None
    assert (line.head.chain_hash, line.head.previous_line_hash) == (waiting.chain_hash, FIRST_LINE)
    assert line.head.signature == read(waiting.line).signature


def test_two_workers_with_the_same_anchor_write_one_line(committed_tenant: Tenant, anchor_file: Path) -> None:
    chain_links(committed_tenant, 2)
    with scope(committed_tenant.pk):
        (waiting,) = anchor_head(acteur=SYSTEM, hand_over=False)
    start = Barrier(4)

    def work(_number: int) -> AnchorStatus | None:
        try:
            start.wait(timeout=30)
            return deliver_anchor(tenant_id=waiting.tenant_id, anchor_id=waiting.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(work, range(4)))
    assert sorted(map(str, states)) == ["None", "None", "None", "verified"]
    assert written(anchor_file) == [2]


def test_a_crash_between_file_and_database_writes_no_second_line(
    waiting: FiscalAnchor, anchor_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def killed(*_values: Any) -> None:
        raise Killed

    monkeypatch.setattr(delivery, "_delivered", killed)
    with pytest.raises(Killed):
        deliver(waiting)
    monkeypatch.undo()
    anchored = waiting.__class__
    with scope(waiting.tenant_id):
        assert anchored.objects.get().attempts == 1
    assert written(anchor_file) == [2]
    assert deliver(waiting) == AnchorStatus.VERIFIED
    assert written(anchor_file) == [2]


def test_what_cannot_be_written_waits_and_says_why(
    waiting: FiscalAnchor, anchor_file: Path, settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "plein").write_text("a file, no folder")
    settings.ANCHOR_FILE = tmp_path / "plein" / "ancres.jsonl"
    assert deliver(waiting) == AnchorStatus.PENDING
    assert "NotADirectoryError" in waiting.last_error or "FileExistsError" in waiting.last_error
    settings.ANCHOR_FILE = anchor_file
    assert tasks.deliver_pending_anchors() == 1
    with scope(waiting.tenant_id):
        waiting.refresh_from_db()
    assert (waiting.status, waiting.attempts, waiting.last_error) == ("verified", 2, "")
    assert tasks.deliver_pending_anchors() == 0


def test_the_file_of_a_longer_chain_refuses_the_shorter_one(
    waiting: FiscalAnchor, anchor_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later head stands in the file: this database was put back to an older copy."""
    later = read(waiting.line)
    assert deliver(waiting) == AnchorStatus.VERIFIED
    monkeypatch.setattr(files, "last_head", lambda *_values: SimpleNamespace(**vars(later) | {"sequence_number": 9}))
    verified: list[str] = []
    monkeypatch.setattr(tasks.verify_one_chain, "delay", verified.append)
    with scope(waiting.tenant_id):
        (anchor,) = anchor_head(acteur=SYSTEM, hand_over=False)
    assert tasks.deliver_one_anchor(str(anchor.tenant_id), str(anchor.pk)) == "failed"
    with scope(waiting.tenant_id):
        anchor.refresh_from_db()
    assert "connaît un autre maillon 9" in anchor.last_error
    assert written(anchor_file) == [2]
    assert verified == [str(anchor.tenant_id)]


def test_an_anchor_that_is_delivered_or_refused_never_changes(waiting: FiscalAnchor) -> None:
    deliver(waiting)
    with scope(waiting.tenant_id), pytest.raises(Exception, match="UPDATE refused"), transaction.atomic():
        FiscalAnchor.objects.update(anchor_reference="ailleurs")
    with scope(waiting.tenant_id), pytest.raises(Exception, match="step verified to pending"), transaction.atomic():
        FiscalAnchor.objects.update(status="pending")


# Each day ------------------------------------------------------------------------------------------


def at(monkeypatch: pytest.MonkeyPatch, zone: str, text: str) -> None:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    monkeypatch.setattr(clock.timezone, "now", lambda: moment)


def test_each_local_day_that_ended_has_its_head_even_an_idle_one(
    committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = committed_tenant.time_zone
    at(monkeypatch, zone, "2026-11-20T22:00")
    chain_links(committed_tenant, 1)
    assert tasks.anchor_days() == 0, "its first day has not ended"
    at(monkeypatch, zone, "2026-11-21T00:30")
    assert (tasks.anchor_days(), tasks.anchor_days()) == (1, 0)
    at(monkeypatch, zone, "2026-11-22T00:30")
    assert tasks.anchor_days() == 1
    at(monkeypatch, zone, "2026-11-25T09:00")
    assert tasks.anchor_days() == 1
    with scope(committed_tenant.pk):
        days = list(FiscalAnchor.objects.order_by("day").values_list("day", "sequence_number"))
    assert days == [(date(2026, 11, 20), 1), (date(2026, 11, 21), 1), (date(2026, 11, 24), 1)]


def test_a_house_whose_key_was_replaced_keeps_no_other_from_its_head(
    committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_tenant(slug="aa", name="Premier")
    at(monkeypatch, "UTC", "2026-11-20T09:00")
    for tenant in (other, committed_tenant):
        chain_links(tenant, 1)
    change_the_key(other, "update fiscal_fiscalkey set public_key = sha256('faux')")
    at(monkeypatch, "UTC", "2026-11-21T09:00")
    with caplog.at_level(logging.ERROR, logger="apps.fiscal.tasks"):
        assert tasks.anchor_days() == 1
    assert "the head of tenant aa cannot be anchored" in caplog.text
    with scope(committed_tenant.pk):
        assert FiscalAnchor.objects.count() == 1


def test_days_end_by_the_tenants_zone(committed_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    far = make_tenant(slug="kiritimati", name="Loin", time_zone="Pacific/Kiritimati")
    at(monkeypatch, "UTC", "2026-11-20T10:30")
    chain_links(committed_tenant, 1)
    chain_links(far, 1)
    at(monkeypatch, "UTC", "2026-11-20T23:30")  # the 21st in Douala since half an hour, in Kiritimati since the morning
    assert tasks.anchor_days() == 1
    with scope(committed_tenant.pk):
        assert [anchor.day for anchor in FiscalAnchor.objects.all()] == [date(2026, 11, 20)]
    with scope(far.pk):
        assert not FiscalAnchor.objects.exists()


# S3 and e-mail -------------------------------------------------------------------------------------


@pytest.fixture
def bucket(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A bucket with object lock, as botocore's stub answers for it."""
    settings.ANCHOR_S3_BUCKET, settings.ANCHOR_S3_DAYS = "ancres-odile", 10
    client = boto3.client("s3", region_name="eu-west-3", aws_access_key_id="k", aws_secret_access_key="s")
    monkeypatch.setattr(places, "bucket_client", lambda: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def for_bucket(bucket: Stubber, tenant: Tenant) -> FiscalAnchor:
    chain_links(tenant, 1)
    _file, anchor = anchor_head(acteur=SYSTEM, hand_over=False)
    return anchor


def put(anchor: FiscalAnchor) -> dict[str, Any]:
    return {
        "Bucket": "ancres-odile",
        "Key": places.object_name(anchor),
        "Body": anchor.line.encode(),
        "ContentType": "application/json",
        "ChecksumAlgorithm": "SHA256",
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": anchor.created_at + timedelta(days=10),
    }


def there(anchor: FiscalAnchor) -> dict[str, Any]:
    return {"Bucket": "ancres-odile", "Key": places.object_name(anchor)}


def test_a_head_is_locked_in_the_bucket(bucket: Stubber, for_bucket: FiscalAnchor) -> None:
    bucket.add_response("put_object", {"VersionId": "v1"}, put(for_bucket))
    bucket.add_response("head_object", {"ObjectLockMode": "COMPLIANCE"}, there(for_bucket))
    assert deliver(for_bucket) == AnchorStatus.VERIFIED
    name = f"ancres/{for_bucket.tenant_id}/000000000001-{for_bucket.chain_hash}-"
    assert for_bucket.anchor_reference is not None
    assert for_bucket.anchor_reference.startswith(f"s3://ancres-odile/{name}")
    assert for_bucket.proof_path == "v1"


def test_a_bucket_without_lock_is_no_place(bucket: Stubber, for_bucket: FiscalAnchor) -> None:
    bucket.add_response("put_object", {"VersionId": "v1"}, put(for_bucket))
    bucket.add_response("head_object", {}, there(for_bucket))
    assert deliver(for_bucket) == AnchorStatus.PENDING
    assert "object lock is not in force" in for_bucket.last_error


def test_an_attempt_whose_answer_was_lost_is_found_and_not_sent_again(
    bucket: Stubber, for_bucket: FiscalAnchor
) -> None:
    bucket.add_client_error("put_object", "SlowDown", http_status_code=503)
    assert deliver(for_bucket) == AnchorStatus.PENDING
    assert "SlowDown" in for_bucket.last_error
    for _time in range(2):
        bucket.add_response("head_object", {"VersionId": "v1", "ObjectLockMode": "COMPLIANCE"}, there(for_bucket))
    assert deliver(for_bucket) == AnchorStatus.VERIFIED
    assert for_bucket.proof_path == "v1"


def test_an_attempt_that_never_arrived_is_sent_again(bucket: Stubber, for_bucket: FiscalAnchor) -> None:
    bucket.add_client_error("put_object", "SlowDown", http_status_code=503)
    deliver(for_bucket)
    bucket.add_client_error("head_object", "404", http_status_code=404)
    bucket.add_response("put_object", {}, put(for_bucket) | {"Key": ANY})
    bucket.add_response("head_object", {"ObjectLockMode": "COMPLIANCE"}, there(for_bucket))
    assert deliver(for_bucket) == AnchorStatus.VERIFIED


def test_a_place_that_does_not_answer_is_asked_once_a_round(bucket: Stubber, for_bucket: FiscalAnchor) -> None:
    with scope(for_bucket.tenant_id):
        anchor_head(acteur=SYSTEM, hand_over=False)
    bucket.add_client_error("put_object", "SlowDown", http_status_code=503)
    assert tasks.deliver_pending_anchors() == 4
    with scope(for_bucket.tenant_id):
        assert FiscalAnchor.objects.filter(anchor_type="file", status="verified").count() == 2
        assert FiscalAnchor.objects.filter(anchor_type="s3", attempts=0).count() == 1


def test_what_waits_for_a_place_that_is_gone_waits_no_longer(
    bucket: Stubber, for_bucket: FiscalAnchor, settings: LazySettings
) -> None:
    settings.ANCHOR_S3_BUCKET = ""
    assert deliver(for_bucket) == AnchorStatus.FAILED
    assert for_bucket.last_error == "Ce lieu d’ancrage n’est plus réglé."


def test_the_endpoint_is_the_settings_own(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    settings.ANCHOR_S3_ENDPOINT_URL = "https://ancres.example.cm"
    client = places.bucket_client()
    assert client.meta.endpoint_url == "https://ancres.example.cm"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (5, 15)


def test_a_head_is_mailed(tenant: Tenant, settings: LazySettings) -> None:
    settings.ANCHOR_EMAIL = "greffe@example.cm"
    chain_links(tenant, 1)
    _file, anchor = anchor_head(acteur=SYSTEM, hand_over=False)
    assert deliver(anchor) == AnchorStatus.VERIFIED
    (message,) = mail.outbox
    assert message.to == ["greffe@example.cm"]
    assert message.subject == "Tête de chaîne sainte-odile : maillon 1"
    assert anchor.line in message.body
    assert anchor.chain_hash in message.body
    assert message.extra_headers["Message-ID"] == anchor.proof_path


# Screens and monitoring ----------------------------------------------------------------------------


def test_the_list_says_where_heads_are_and_what_waits(tenant: Tenant, client: Client, settings: LazySettings) -> None:
    settings.SECOND_FACTOR, settings.ANCHOR_EMAIL = "optional", "greffe@example.cm"
    client.force_login(make_user(tenant, "auditeur"))
    html = client.get("/sainte-odile/chaine/ancres/").content.decode()
    assert "Aucune tête ancrée" in html
    assert "Aucune tête n’est encore écrite" in client.get("/sainte-odile/chaine/").content.decode()
    closing = closed()
    anchor_head(acteur=SYSTEM, day=date(2026, 11, 20))
    deliver(FiscalAnchor.objects.filter(anchor_type="file").latest("created_at"))
    html = client.get("/sainte-odile/chaine/ancres/").content.decode()
    assert_house_page(html)
    for text in ("ancres.jsonl", "20/11/2026", str(closing), "À écrire", "Écrit"):
        assert text in html
    assert "Une archive jusqu’au" not in html, "an empty day has no last link to note"
    own = FiscalAnchor.objects.get(closing=closing, anchor_type="file")
    assert f"--tete {own.sequence_number}:{own.chain_hash}" in html
    assert "Dernière tête écrite hors de la base : maillon 1, " in client.get("/sainte-odile/chaine/").content.decode()


def test_each_closing_names_a_head_that_an_archive_of_its_day_holds(
    tenant: Tenant, client: Client, settings: LazySettings
) -> None:
    """Its own link, which is what is anchored, comes after the day: no archive of that day holds it."""
    settings.SECOND_FACTOR = "optional"
    client.force_login(make_user(tenant, "auditeur"))
    chain_links(tenant, 2)
    closing = closed()
    html = client.get("/sainte-odile/chaine/ancres/").content.decode()
    assert_house_page(html)
    assert f"--tete {closing.last_sequence}:{closing.head_hash}" in html
    assert "Une archive jusqu’au" in html


def test_a_head_that_waits_too_long_is_said_to_monitoring(
    waiting: FiscalAnchor, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/sante/pret/").json()["ancres"] == "ok"
    monkeypatch.setattr(health, "UNWRITTEN", timedelta(hours=-1))  # one transaction, one moment
    assert client.get("/sante/pret/").json()["ancres"] == "en retard"
    deliver(waiting)
    assert client.get("/sante/pret/").json()["ancres"] == "ok"


# The command ---------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("ancrer", *arguments, stdout=output)
    return output.getvalue()


def test_an_operator_anchors_now(committed_tenant: Tenant, anchor_file: Path) -> None:
    make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    chain_links(committed_tenant, 2)
    output = run()
    assert "saint-luc : chaîne encore vide, rien à ancrer" in output
    assert "sainte-odile : maillon 2 " in output
    assert "écrit (Fichier d’ancrage : ancres.jsonl)" in output
    assert written(anchor_file) == [2]
    run("--tenant", "sainte-odile")
    assert written(anchor_file) == [2, 2], "each asking is an anchor of its own"
    with pytest.raises(CommandError) as caught:
        run("--tenant", "nulle-part")
    assert caught.value.returncode == 2


def test_what_is_not_written_is_an_exit_status(
    committed_tenant: Tenant, settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "plein").write_text("")
    settings.ANCHOR_FILE = tmp_path / "plein" / "ancres.jsonl"
    chain_links(committed_tenant, 1)
    with pytest.raises(CommandError, match="Têtes non écrites : sainte-odile") as caught:
        run()
    assert caught.value.returncode == 1
