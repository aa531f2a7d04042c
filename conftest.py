"""What every test stands on: a database with production's rights, strict templates.

The machinery is in `tests/support`; this file only names the fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from apps.socle.scope import scope
from tests.support.browser import chromium, leave_out_without_chromium
from tests.support.database import Reset, database_for_tests
from tests.support.templates import FailOnUndefined

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from apps.organisations.models import Tenant
    from tests.support.specimens import Specimens


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to begin without the owner's login: only the owner may create a test database."""
    from django.conf import settings

    if "owner" not in settings.DATABASES:
        pytest.exit("DATABASE_URL est donné sans DATABASE_OWNER_URL : les tests ont besoin des deux.", returncode=2)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out_without_chromium(config, items)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[Reset]:
    """Create the test database as owner; the tests themselves connect as the runtime role."""
    patch = pytest.MonkeyPatch()
    with django_db_blocker.unblock():
        manager = database_for_tests(keep=django_db_keepdb and not django_db_createdb)
        reset: Reset = manager.__enter__()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: reset.run())
    yield reset
    patch.undo()
    with django_db_blocker.unblock():
        manager.__exit__(None, None, None)


@pytest.fixture(autouse=True, scope="session")
def strict_templates(django_test_environment: None) -> None:
    """Fail on a variable that a template of ours uses and its context does not hold."""
    from django.template import engines

    engines["django"].engine.string_if_invalid = FailOnUndefined()


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """A provisioned hospital; its scope is open for the whole test."""
    from apps.organisations.tests.factories import make_tenant

    made = make_tenant()
    with scope(made.id):
        yield made


@pytest.fixture
def autre_tenant(db: None) -> Tenant:
    """A second hospital, out of scope: what a test must not see."""
    from apps.organisations.tests.factories import make_tenant

    return make_tenant(slug="saint-luc", name="Clinique Saint-Luc")


@pytest.fixture(scope="session")
def specimens(django_db_setup: Reset, django_db_blocker: DjangoDbBlocker) -> Iterator[Specimens]:
    """A committed row of every table in two tenants; for tests that use connections of their own.

    They touch no `db` fixture, so pytest-django runs them last: nothing else sees these rows.
    """
    from tests.support.specimens import make_specimens

    with django_db_blocker.unblock():
        made = make_specimens()
    yield made
    with django_db_blocker.unblock():
        django_db_setup.run()


@pytest.fixture
def committed_tenant(transactional_db: None) -> Tenant:
    """A hospital that is committed, for tests with several connections; no scope is open."""
    from apps.organisations.tests.factories import make_tenant

    return make_tenant()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, for tests marked `browser`."""
    with chromium() as opened:
        yield opened
