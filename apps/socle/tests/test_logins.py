"""One database behind three logins: who migrates, and where a row that came through a login is written back."""

from __future__ import annotations

from argparse import ArgumentParser

from django.db import router

from apps.organisations.models import Role, Tiers
from apps.socle.management.commands.migrate import Command


def test_everything_goes_to_the_runtime_login():
    assert (router.db_for_read(Tiers), router.db_for_write(Tiers)) == ("default", "default")


def test_a_row_is_written_back_through_the_login_that_read_it():
    """So that what a migrate reads as owner stays the owner's."""
    role = Role(name="essai")
    role._state.db = "owner"
    assert router.db_for_write(Role, instance=role) == "owner"
    role._state.db = None
    assert router.db_for_write(Role, instance=role) == "default"


def test_rows_of_two_logins_may_be_related():
    owner, runtime = Role(), Tiers()
    owner._state.db, runtime._state.db = "owner", "default"
    assert router.allow_relation(owner, runtime)


def test_migrate_is_the_owners():
    parser = ArgumentParser()
    Command().add_arguments(parser)
    assert parser.parse_args([]).database == "owner"
