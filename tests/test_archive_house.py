"""A house with a document of every kind: its chain is archived, and verify.py finds every total again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from apps.fiscal import closings, proofs
from apps.fiscal.archive import verify
from apps.fiscal.archive.contents import pretty
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.verify_chain import verify_chain
from apps.fiscal.services.write_archive import announce_archive, write_archive
from apps.socle.actors import SYSTEM
from apps.socle.clock import now
from apps.socle.scope import scope
from tests.support.specimens import Specimens

pytestmark = pytest.mark.database


def test_every_kind_of_document_is_archived_and_proved(
    specimens: Specimens,
    django_db_blocker: DjangoDbBlocker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tomorrow = now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: tomorrow)
    with django_db_blocker.unblock(), scope(specimens.tenant.pk):
        due = closings.next_closing_date("daily")
        assert due is not None
        closing = close_period(closing_type="daily", closing_date=due, acteur=SYSTEM).closing
        assert verify_chain().holds
        span = announce_archive(since=date(2000, 1, 1), until=date(2999, 12, 31), acteur=SYSTEM)
        write_archive(span=span, destination=tmp_path / "a.zip", acteur=SYSTEM)
        receipt = FiscalEntry.objects.filter(entity_type="comptabilite.Quittance").latest("sequence_number")
        (tmp_path / "p.json").write_bytes(pretty(proofs.inclusion(receipt)))
        transaction.set_rollback(True)  # the specimens are every test's
    assert closing.first_sequence <= receipt.sequence_number <= closing.last_sequence
    assert closing.totals["XAF"]["invoiced"] != "0"
    status = verify.main([str(tmp_path / "a.zip")])
    said = capsys.readouterr().out
    assert status == 0, said
    assert f"{span.count} maillons, 1 à {span.last}" in said
    assert verify.main([str(tmp_path / "p.json")]) == 0
    assert f"est dans ce que la clôture {closing.number} a scellé" in capsys.readouterr().out
