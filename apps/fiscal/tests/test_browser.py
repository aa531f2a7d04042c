"""The chain's screens in Chromium: verified by one key, without a script, on a narrow screen, light and dark."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from apps.fiscal.tests.attacks import change_the_key
from apps.fiscal.tests.factories import CASHIER, chain_links
from apps.fiscal.tests.test_vectors import ENTRIES
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from tests.support.browser import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., "Page"]


@pytest.fixture(autouse=True)
def second_factor_left_out(settings: LazySettings) -> None:
    settings.SECOND_FACTOR = "optional"


@pytest.fixture
def enter(live_server: Any, browser: Browser, committed_tenant: Tenant) -> Iterator[Open]:
    """Open an address of the chain as an accountant; anything on the console fails the test."""
    complaints: list[str] = []
    contexts = []
    for entry in ENTRIES:
        chain_links(committed_tenant, 1, CASHIER, snapshot=entry["envelope"]["document"])

    def open_(address: str = "", theme: str = "light", **options: Any) -> Page:
        client = Client()
        client.force_login(make_user(committed_tenant, "comptable"))
        context = browser.new_context(locale="fr-FR", **options)
        contexts.append(context)
        cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value, "theme": theme}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
        page = context.new_page()
        listen(page, complaints)
        page.goto(f"{live_server.url}/{committed_tenant.slug}/chaine/{address}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def photograph(page: Page, name: str) -> None:
    """Keep a picture where one is asked for (CAURIS_SCREENSHOTS names a folder)."""
    folder = os.environ.get("CAURIS_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"fiscal-{name}.png", full_page=True)


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_one_key_verifies_and_links_are_walked(enter: Open) -> None:
    page = enter()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Chaîne conforme : 3 maillons vérifiés.")
    photograph(page, "chaine")
    page.click("th a:text-is('1')")
    page.wait_for_selector("h1:has-text('Maillon 1')")
    page.keyboard.press("Alt+2")
    page.wait_for_selector("h1:has-text('Maillon 2')")
    page.click("summary:has-text('Montrer')")
    assert page.locator("pre").inner_text().startswith('{"actor_id":')
    photograph(page, "maillon")


def test_without_a_script(enter: Open) -> None:
    page = enter(java_script_enabled=False)
    page.click("text=Vérifier maintenant")
    page.wait_for_selector("text=Chaîne conforme : 3 maillons vérifiés.")
    page.fill("[name=q]", "2")
    page.click("text=Filtrer")
    assert page.locator("tbody tr").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["", "1/", "2/", "verifications/"])
def test_nothing_overflows_a_narrow_screen(enter: Open, address: str, theme: str) -> None:
    page = enter(address, theme=theme, viewport={"width": 360, "height": 740})
    assert not overflows(page)
    photograph(page, f"360-{address.strip('/') or 'liste'}-{theme}")


def test_a_broken_chain_is_red(enter: Open, committed_tenant: Tenant) -> None:
    change_the_key(committed_tenant, "update fiscal_fiscalkey set key_id = 'k2'")
    page = enter(viewport={"width": 360, "height": 740})
    page.click("text=Vérifier maintenant")
    page.wait_for_selector("text=anomalies")
    assert page.locator(".etat.rejetee").inner_text() == "Rompue"
    assert not overflows(page)
    photograph(page, "rompue")
