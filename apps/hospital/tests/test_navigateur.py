"""The patients' screens in Chromium: searching as one types, registering by keyboard, narrow, dark, without script."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from apps.hospital.models import Patient
from apps.hospital.tests.factories import make_patient, make_prestations, make_session, make_tarif
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from apps.socle.clock import local_date
from apps.socle.scope import scope
from tests.support.browser import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Ouvrir = Callable[..., "Page"]


@pytest.fixture
def hopital(committed_tenant) -> Tenant:
    """Three patients, a visit with care, tariffs: one changed, one planned."""
    make_tarif(committed_tenant)
    make_tarif(committed_tenant, "LB-NFS", 4500, type_recette="LABORATOIRE", nom="Numération formule sanguine")
    demain = local_date(committed_tenant.time_zone) + dt.timedelta(days=1)
    make_tarif(committed_tenant, montant=6000, valide_du=demain)
    solange = make_patient(
        committed_tenant,
        nom="Mbarga Nkoulou",
        prenom="Solange",
        sexe="F",
        telephone="677412093",
        date_naissance=dt.date(1990, 5, 1),
    )
    make_patient(committed_tenant, nom="M’Barga", prenom="Sophie Clarisse", telephone="694085517")
    make_patient(committed_tenant, nom="Fotso", prenom="Gaël")
    make_prestations(
        committed_tenant,
        ("CONS-GEN", 1, None),
        ("LB-NFS", 2, 4000),
        session=make_session(committed_tenant, solange, motif="Fièvre depuis trois jours"),
    )
    return committed_tenant


@pytest.fixture
def ouvrir(live_server: Any, browser: Browser, hopital: Tenant) -> Iterator[Ouvrir]:
    """Open an address of the hospital, signed in; anything on the console fails the test."""
    plaintes: list[str] = []
    contextes = []

    def ouvrir_(suite: str = "patients/", role: str = "caissier", theme: str = "light", **options: Any) -> Page:
        client = Client()
        client.force_login(make_user(hopital, role))
        contexte = browser.new_context(locale="fr-FR", **options)
        contextes.append(contexte)
        biscuits = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value, "theme": theme}
        contexte.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in biscuits.items()])
        page = contexte.new_page()
        listen(page, plaintes)
        page.goto(f"{live_server.url}/{hopital.slug}/{suite}")
        return page

    yield ouvrir_
    for contexte in contextes:
        contexte.close()
    assert [plainte for plainte in plaintes if "422" not in plainte and "409" not in plainte] == []


def _photo(page: Page, nom: str) -> None:
    """Keep a picture where one is asked for (CAURIS_SCREENSHOTS names a folder)."""
    dossier = os.environ.get("CAURIS_SCREENSHOTS")
    if dossier:
        page.screenshot(path=Path(dossier) / f"hospital-{nom}.png", full_page=True)


def _deborde(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_typing_finds_and_arrows_lead_to_the_patient(ouvrir: Ouvrir) -> None:
    page = ouvrir()
    assert page.evaluate("document.activeElement.id") == "q", "focus lands where typing starts"
    page.keyboard.type("mbarga so")
    page.wait_for_selector("#liste mark")
    assert page.locator("#liste tbody tr").count() == 2
    assert page.url.rpartition("?")[2] in {"q=mbarga+so", "q=mbarga%20so"}, "the address can be shared"
    _photo(page, "recherche")
    page.keyboard.press("ArrowDown")  # the first, whose name begins as was typed
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Mbarga Nkoulou Solange')")
    _photo(page, "patient")


def test_registering_by_keyboard_with_a_look_alike(ouvrir: Ouvrir, hopital: Tenant) -> None:
    page = ouvrir()
    page.keyboard.press("F4")
    page.wait_for_selector("h1:has-text('Nouveau patient')")
    page.keyboard.type("Mbarga Nkoulou")
    page.keyboard.press("Tab")
    page.keyboard.type("Solange")
    page.keyboard.press("Tab")
    page.keyboard.type("31/02/1990")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#id_date_naissance_erreur")
    _photo(page, "erreur")
    page.fill("#id_date_naissance", "01/05/1990")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Un patient qui lui ressemble")
    _photo(page, "ressemblance")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=PAT-00004")
    with scope(hopital.pk):
        assert Patient.objects.count() == 4


def test_without_script_one_searches_and_registers_all_the_same(ouvrir: Ouvrir) -> None:
    page = ouvrir(java_script_enabled=False)
    page.fill("#q", "fotso")
    page.click("button:has-text('Chercher')")
    assert page.locator("#liste tbody tr").count() == 1
    page.fill("#q", "Abega Zoé")
    page.click("button:has-text('Chercher')")
    page.click("a:has-text('Enregistrer un patient')")
    assert page.input_value("#id_nom") == "Abega Zoé"
    page.click("button:has-text('Enregistrer le patient')")
    assert page.locator("h1").inner_text() == "Abega Zoé"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_scrolls_sideways_at_360_pixels(ouvrir: Ouvrir, hopital: Tenant, theme: str) -> None:
    with scope(hopital.pk):
        solange = Patient.objects.get(rang=1)
        visite = solange.sessions.get()
    for nom, suite in (
        ("liste", "patients/"),
        ("patient", f"patients/{solange.pk}/"),
        ("visite", f"patients/visites/{visite.pk}/"),
        ("nouveau", "patients/nouveau/"),
        ("tarifs", "patients/tarifs/"),
    ):
        page = ouvrir(suite, role="medecin", theme=theme, viewport={"width": 360, "height": 740})
        _photo(page, f"{nom}-360-{theme}")
        assert not _deborde(page), nom


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tariffs_of_a_code_and_their_change(ouvrir: Ouvrir, monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setattr(settings, "SECOND_FACTOR", "optional")
    page = ouvrir("patients/tarifs/", role="comptable", theme=theme)
    _photo(page, f"tarifs-{theme}")
    page.click("a:has-text('Consultation générale')")
    page.wait_for_selector("text=Prévu")
    _photo(page, f"tarif-{theme}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("h1:has-text('Changer le tarif')")
    assert page.evaluate("document.activeElement.name") == "montant"
    _photo(page, f"tarif-changer-{theme}")
