"""What the documents call otherwise (`docs/spec-exceptions.csv`) leads somewhere that exists."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

FILE = Path(__file__).parent.parent / "docs" / "spec-exceptions.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
# Models that a later issue brings; a row that points at one says so.
LATER = {"insurance.PriseEnCharge", "insurance.InvoiceValidation", "hospital.StayInvoice", "facturation.CreditNote", "organisations.ApiKey", "echanges.Webhook"}  # fmt: skip


def follow(model: Any, path: list[str]) -> str:
    """Return the first step of `path` that does not exist from `model`, or an empty string."""
    for step in path:
        if model is None or not hasattr(model, step):
            return step
        field = next((f for f in model._meta.get_fields() if step in {f.name, getattr(f, "attname", "")}), None)
        model = field.related_model if field is not None else None
    return ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['table']}.{row['column']}")
def test_each_exception_leads_to_a_column_that_exists_or_is_announced(row: dict[str, str]) -> None:
    label, path = ".".join(row["target"].split(".")[:2]), row["target"].split(".")[2:]
    if label in LATER:
        assert "later issue" in row["why"]
        return
    assert follow(apps.get_model(label), path) == ""


def test_a_later_model_that_has_come_is_no_longer_announced() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert known & LATER == set()


def test_no_column_is_excused_twice() -> None:
    keys = [(row["document"], row["table"], row["column"]) for row in ROWS]
    assert len(keys) == len(set(keys))
