"""Every constraint of every table of ours says something in French: what PostgreSQL refuses, a person can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.utils import translation
from django.utils.functional import Promise

from apps.socle.errors import _declared, message_of
from apps.socle.installer import house_models, tenant_key_name
from tests.support.database import connect_as

pytestmark = pytest.mark.database

RAISED = re.compile(r"constraint\s*=\s*'([a-z_0-9]+)'", re.IGNORECASE)


def constraints() -> list[tuple[str, models.BaseConstraint]]:
    return [(m._meta.label, c) for m in house_models() for c in m._meta.constraints]


@pytest.mark.parametrize(("label", "constraint"), constraints(), ids=lambda part: getattr(part, "name", None))
def test_a_declared_constraint_says_what_is_wrong(label, constraint):
    with translation.override("fr"):
        said = str(constraint.get_violation_error_message())
    assert said != str(constraint.default_violation_error_message % {"name": constraint.name}), "its own sentence"
    assert constraint.name not in said
    assert said[0].isupper(), "a sentence"
    assert said.endswith((".", "!", "?")), "a sentence"
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", message_of(constraint.name).code), "a code in kebab-case"


def test_whatever_the_database_may_refuse_has_its_sentence(specimens):
    """Columns declared unique, one-to-one keys and positive numbers included: PostgreSQL names those itself."""
    # A link table is written by its manager, which passes over what is there.
    tables = {m._meta.db_table: m for m in house_models() if not m._meta.auto_created}
    ours = {tenant_key_name(m) for m in house_models()}
    with connect_as("owner") as connection:
        found = connection.execute(
            "select conrelid::regclass::text, conname from pg_constraint where contype in ('c', 'u', 'x')"
            " and connamespace = 'public'::regnamespace"
            " union all select indrelid::regclass::text, indexrelid::regclass::text from pg_index i"
            " where indisunique and not exists (select from pg_constraint where conindid = i.indexrelid)"
        ).fetchall()
    asked = [(t, name) for t, name in found if t.strip('"') in tables and name.strip('"') not in ours]
    assert len(asked) > len(tables)
    assert sorted(name for _table, name in asked if message_of(name.strip('"')) is None) == []


def test_what_a_function_raises_has_its_sentence():
    """Each `constraint = '…'` of the apps' SQL is declared with `declare_constraint`."""
    raised = {
        name
        for config in apps.get_app_configs()
        if config.name.startswith("apps.")
        for path in Path(config.path).glob("sql/*.sql")
        for name in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert "socle_immutable" in raised
    assert sorted(raised - set(_declared)) == []


def test_a_declared_sentence_is_translated_when_it_is_read():
    for name, said in _declared.items():
        assert isinstance(said.message, Promise), f"{name}: gettext_lazy, so that an English user reads English"
