"""CSV that a spreadsheet reads and never runs, written after the request has ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_tiers
from apps.socle.scope import ScopeMissing, current_scope, scope
from apps.socle.screens.exports import cell, csv_response, neutralise


@pytest.mark.parametrize("text", ["=1+1", "+237", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_what_would_begin_a_formula_is_text(text):
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Mbarga", "1+1", "a=b", "élodie", "'déjà"])
def test_other_text_is_left_alone(text):
    assert neutralise(text) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (Decimal("-1500.0000"), "-1500"),
        (Decimal("0.5"), "0,5"),
        (12, "12"),
        (dt.date(2026, 11, 20), "20/11/2026"),
        (dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC), "21/11/2026 00:30"),
        ("=x", "'=x"),
    ],
)
def test_cells(value, written):
    with timezone.override(ZoneInfo("Africa/Douala")):
        assert cell(value) == written


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_rows_are_read_in_the_scope_and_zone_of_a_request_that_has_ended(committed_tenant):
    for number in range(1200):
        make_tiers(committed_tenant, code=f"T{number:05d}", nom='É;t"é')
    moment = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)

    def rows():
        for tiers in Tiers.objects.order_by("code").iterator(chunk_size=500):
            yield tiers.code, tiers.nom, moment

    with scope(committed_tenant.id), timezone.override(ZoneInfo("Africa/Douala")):
        response = csv_response("tiers", ["Code", "Nom", "Le"], rows)
    assert current_scope() is None
    parts = list(response.streaming_content)
    assert len(parts) == 3, "500 rows at once"
    lines = b"".join(parts).decode().splitlines()
    assert lines[0] == "\ufeffCode;Nom;Le"
    assert lines[1] == 'T00000;"É;t""é";21/11/2026 00:30'
    assert len(lines) == 1201
    assert response["Content-Disposition"] == 'attachment; filename="tiers.csv"'
    assert current_scope() is None


def test_without_a_scope_nothing_is_exported():
    with pytest.raises(ScopeMissing):
        csv_response("x", ["A"], list)
