"""A hospital at work, and windows on it: real pages, the real policy, anything on the console fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from apps.comptabilite.tests.caisse.factories import installer_tarifs
from apps.organisations.models import Tenant, User
from apps.organisations.tests.factories import PASSWORD, make_user
from apps.socle.scope import scope
from tests.support.browser import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ATTENTE = 30_000
"""Milliseconds: a crowded machine answers late, not never."""
SEUL_BRUIT = "Failed to load resource: the server responded with a status of "
"""What Chromium says of every answer of 4xx; the pages themselves are what the tests read."""


@dataclass(frozen=True)
class Hopital:
    """A hospital with its tariffs, a cashier and an accountant; nothing has happened there yet."""

    tenant: Tenant
    caissiere: User
    comptable: User


@pytest.fixture
def hopital(committed_tenant: Tenant, settings: LazySettings) -> Hopital:
    settings.SECOND_FACTOR = "optional"
    with scope(committed_tenant.id):
        installer_tarifs()
    return Hopital(
        committed_tenant,
        make_user(committed_tenant, "caissier", "amina.caisse", last_name="Ngo Bassong"),
        make_user(committed_tenant, "comptable", "rose.compta", first_name="Rose", last_name="Tchoumi"),
    )


class Fenetre:
    """One person's window; `photo` keeps a picture of it."""

    def __init__(self, page: Page, racine: str, dossier: Path) -> None:
        self.page, self.racine, self.dossier = page, racine, dossier
        self.garde = "CAURIS_SCREENSHOTS" in os.environ

    def aller(self, chemin: str = "") -> Page:
        self.page.goto(f"{self.racine}/{chemin}")
        return self.page

    def se_connecter(self, qui: User) -> Page:
        """Sign in by the door, with the keyboard: focus is on the name already."""
        self.aller()
        # The focus comes with the first frame, which may be after the page is loaded: what is typed before is lost.
        self.page.wait_for_selector("[name=login]:focus")
        self.page.keyboard.type(qui.username)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("header.barre")
        return self.page

    def entrer(self, qui: User) -> None:
        """Be signed in already."""
        client = Client()
        client.force_login(qui)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.racine}])

    def attendre(self, identifiant: str) -> None:
        """Wait until the focus is where typing goes on: by a selector, for the policy lets no script be made of a string."""
        self.page.wait_for_selector(f"[id='{identifiant}']:focus")

    def attendre_valeur(self, identifiant: str, valeur: str) -> None:
        """Wait until the field holds `valeur`."""
        from playwright.sync_api import expect

        expect(self.page.locator(f"[id='{identifiant}']")).to_have_value(valeur, timeout=ATTENTE)

    def photo(self, nom: str) -> None:
        self.page.screenshot(path=self.dossier / f"{nom}.png", full_page=True)

    @property
    def actif(self) -> str:
        """The id, the name or the words of what has the focus."""
        return str(
            self.page.evaluate(
                "document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()"
            )
        )

    @property
    def deborde(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


Ouvrir = Callable[..., Fenetre]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Where pictures go: the folder that CAURIS_SCREENSHOTS names, else the test's own."""
    dossier = Path(os.environ.get("CAURIS_SCREENSHOTS") or tmp_path)
    dossier.mkdir(parents=True, exist_ok=True)
    return dossier


@pytest.fixture
def ouvrir(live_server: Any, browser: Browser, hopital: Hopital, photos: Path) -> Iterator[Ouvrir]:
    """Open a window: `ouvrir(theme="dark", viewport=…)`."""
    plaintes: list[str] = []
    contextes = []

    def ouvrir_(theme: str = "light", **options: Any) -> Fenetre:
        contexte = browser.new_context(**{"locale": "fr-FR", "viewport": {"width": 1366, "height": 768}, **options})
        contextes.append(contexte)
        contexte.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
        page = contexte.new_page()
        page.set_default_timeout(ATTENTE)
        listen(page, plaintes)
        return Fenetre(page, f"{live_server.url}/{hopital.tenant.slug}", photos)

    yield ouvrir_
    for contexte in contextes:
        contexte.close()
    assert [plainte for plainte in plaintes if not plainte.startswith(SEUL_BRUIT)] == []
