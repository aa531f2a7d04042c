"""A process that serves first looks at the wall behind it: its login, and each protection as it stands.

Every sabotage is done by the owner and committed, as it would be on a server; the installer then
puts it right, which is tested by the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.socle import startup
from apps.socle.installer import house_models, install
from apps.socle.models import InstalledProtection
from apps.socle.seal import _as_restored, seals
from tests.support.database import Alias, connect_as

pytestmark = pytest.mark.database

SABOTAGES = {
    "a guard disabled": (
        "alter table socle_fait disable trigger cauris_guard",
        "socle_fait: trigger cauris_guard is missing or disabled",
    ),
    "a guard that sleeps in replica mode": (
        "alter table socle_fait enable trigger cauris_guard",
        "socle_fait: trigger cauris_guard is missing or disabled",
    ),
    "a guard dropped": (
        "drop trigger cauris_no_truncate on socle_fait",
        "socle_fait: trigger cauris_no_truncate is missing or disabled",
    ),
    "a guard told to let everything pass": (
        "drop trigger cauris_guard on socle_fait; create trigger cauris_guard before update on socle_fait for each row"
        " when (false) execute function socle_guard('{}'); alter table socle_fait enable always trigger cauris_guard",
        "socle_fait: changed since it was installed",
    ),
    "an app's own trigger disabled": (
        "alter table socle_counter disable trigger socle_counter_step",
        "socle_counter: changed since it was installed",
    ),
    "the guard's function emptied": (
        "create or replace function socle_guard() returns trigger language plpgsql as 'begin return new; end'",
        "functions: changed since it was installed",
    ),
    "a policy dropped": (
        "drop policy cauris_rows on organisations_tiers",
        "organisations_tiers: policy cauris_rows is missing",
    ),
    "a policy widened": (
        "alter policy cauris_rows on organisations_tiers using (true)",
        "organisations_tiers: changed since it was installed",
    ),
    "a policy added": (
        "create policy more on organisations_tiers using (true)",
        "organisations_tiers: changed since it was installed",
    ),
    "row security not forced": (
        "alter table organisations_tiers no force row level security",
        "organisations_tiers: row level security is not forced",
    ),
    "row security off": (
        "alter table organisations_tiers disable row level security",
        "organisations_tiers: row level security is not forced",
    ),
    "a right given": (
        "grant delete on socle_fait to public",
        "socle_fait: changed since it was installed",
    ),
    "another digest": (
        "update socle_installedprotection set digest = 'x' where name = 'table:socle_fait'",
        "table:socle_fait: not installed as declared",
    ),
}
# What the installer does not write again: it comes from the migrations, or is nobody's.
LASTING = {
    "a check dropped": (
        "alter table organisations_tenant drop constraint organisations_tenant_status",
        "alter table organisations_tenant add constraint organisations_tenant_status"
        " check (status in ('active', 'inactive', 'suspended'))",
        "organisations_tenant: changed since it was installed",
    ),
    "a view that reads as its owner": (
        "create view all_tiers as select * from organisations_tiers",
        "drop view all_tiers",
        "functions: changed since it was installed",
    ),
}


@contextmanager
def _reconnected(alias: Alias) -> Iterator[None]:
    """Make the connection `default` that of another login meanwhile."""
    default, other = connections["default"], connections[alias]
    kept = {name: default.settings_dict[name] for name in ("USER", "PASSWORD")}
    default.close()
    default.settings_dict.update({name: other.settings_dict[name] for name in kept})
    try:
        yield
    finally:
        default.close()
        default.settings_dict.update(kept)


@pytest.fixture
def repaired(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The database as installed, before and after: the installer may not seal what it did not put right."""
    tables = [m._meta.db_table for m in house_models()]
    with django_db_blocker.unblock():
        assert startup.differences() == []
        before = seals("owner", tables)
        yield
        install("owner")
        assert startup.differences() == []
        assert seals("owner", tables) == before


def sabotage(statements: str) -> None:
    with connect_as("owner") as owner:
        owner.execute(statements)


@pytest.mark.parametrize(("statements", "said"), SABOTAGES.values(), ids=SABOTAGES.keys())
def test_what_no_longer_stands_is_said_and_put_right_by_the_next_migrate(repaired, statements, said):
    sabotage(statements)
    found = startup.differences()
    assert said in found
    with pytest.raises(startup.Unprotected, match=r"socle_fait|organisations_tiers|socle_counter|functions"):
        startup.check()


@pytest.mark.parametrize(("statements", "undo", "said"), LASTING.values(), ids=LASTING.keys())
def test_what_the_installer_does_not_write_is_watched_too(repaired, statements, undo, said):
    sabotage(statements)
    try:
        assert said in startup.differences()
    finally:
        sabotage(undo)


def test_a_process_refuses_to_serve_in_one_sentence_and_keeps_no_connection(repaired):
    with connect_as("owner") as owner:
        for table in ("socle_fait", "socle_audittrail", "socle_auditlog", "socle_idempotencykey"):
            owner.execute(f"alter table {table} disable trigger user")
    with pytest.raises(startup.Unprotected, match=r"… and \d+ more"):
        startup.check()
    assert connections["default"].connection is None, "a process that forks afterwards must not share it"


def test_a_sound_database_lets_every_process_start(repaired):
    startup.check()


@pytest.mark.parametrize(
    ("alias", "said"), [("owner", "the owner's login"), ("maintenance", "has BYPASSRLS"), ("default", None)]
)
def test_only_the_runtime_login_may_serve(repaired, alias, said):
    with _reconnected(alias):
        if said is None:
            startup.check_login()
            return
        with pytest.raises(startup.Unprotected, match=said):
            startup.check_login()


def test_the_command_says_the_same(repaired, capsys):
    call_command("verifier_protection")
    assert "sont celles que le code déclare" in capsys.readouterr().out
    sabotage("alter table socle_fait disable trigger cauris_guard")
    with pytest.raises(CommandError, match="socle_fait: trigger cauris_guard"):
        call_command("verifier_protection")


def test_installing_again_changes_nothing(repaired):
    kept = dict(InstalledProtection.objects.values_list("name", "digest"))
    install("owner")
    assert dict(InstalledProtection.objects.values_list("name", "digest")) == kept


def test_a_list_of_words_has_one_seal_before_a_dump_and_after_its_restore() -> None:
    made = "x CHECK (((a)::text = ANY ((ARRAY['b'::character varying, 'd''e, f'::character varying])::text[])))"
    read = "x CHECK (((a)::text = ANY (ARRAY[('b'::character varying)::text, ('d''e, f'::character varying)::text])))"
    assert _as_restored(made) == _as_restored(read) == read
    assert _as_restored(made.replace("'b'", "'c'")) != read
