"""The accountant's evening in Chromium: what is unfinished, the day typed, one key, and the closing with its hash."""

from __future__ import annotations

import pytest

from apps.fiscal.models import FiscalClosing
from apps.socle.clock import local_date
from apps.socle.scope import scope
from tests.browser.conftest import Hopital, Ouvrir
from tests.browser.donnees import remplir
from tests.browser.test_screens import largeurs_debordees

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_day_is_closed_with_the_keyboard(hopital: Hopital, ouvrir: Ouvrir) -> None:
    remplir(hopital)
    jour = local_date(hopital.tenant.time_zone)
    fenetre = ouvrir()
    fenetre.entrer(hopital.comptable)
    page = fenetre.aller("chaine/clotures/")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"h1:has-text('journée du {jour:%d/%m/%Y}')")
    for attendu in ("Caisse C1 ouverte par", "Factures à valider", "Écritures à valider", "Total encaissé"):
        assert page.locator(f"main:has-text('{attendu}')").count() == 1, attendu
    fenetre.photo("cloture-a-faire")
    assert largeurs_debordees(page) == []
    page.set_viewport_size({"width": 1366, "height": 768})
    fenetre.attendre("id_confirmation")
    page.keyboard.type(f"{jour:%d/%m/%Y}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Clôture faite")
    with scope(hopital.tenant.id):
        made = FiscalClosing.objects.get()
    assert page.locator(f"main:has-text('{made.closing_hash}')").count() == 1
    fenetre.photo("cloture-faite")
    assert largeurs_debordees(page) == []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        page.set_viewport_size({"width": 360, "height": 740})
        fenetre.photo(f"cloture-faite-360-{theme}")
    page.set_viewport_size({"width": 1366, "height": 768})
    fenetre.aller("chaine/clotures/")
    fenetre.photo("clotures")
    assert largeurs_debordees(page) == []


def test_without_a_script_a_wrong_day_keeps_what_was_typed(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = ouvrir(java_script_enabled=False)
    fenetre.entrer(hopital.comptable)
    jour = local_date(hopital.tenant.time_zone)
    page = fenetre.aller(f"chaine/clotures/jour/{jour.isoformat()}/")
    page.fill("[name=confirmation]", "01/01/2020")
    page.click("button:has-text('Clôturer')")
    page.wait_for_selector("text=Ce n’est pas le jour à clôturer")
    assert page.input_value("[name=confirmation]") == "01/01/2020"
    page.fill("[name=confirmation]", f"{jour:%d/%m/%Y}")
    page.click("button:has-text('Clôturer')")
    page.wait_for_selector("text=Clôture faite")
