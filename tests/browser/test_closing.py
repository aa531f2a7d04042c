"""The accountant's evening in Chromium: what is unfinished, the day typed, one key, and the closing with its hash."""

from __future__ import annotations

import pytest

from apps.comptabilite.grand_livre.models import LigneEcriture
from apps.fiscal.models import FiscalClosing
from apps.fiscal.services.close_period import close_period
from apps.socle.actors import SYSTEM
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


def test_the_chains_pages_and_an_account_on_a_small_phone(hopital: Hopital, ouvrir: Ouvrir) -> None:
    """Numbers of closings stay in their column, cells keep their margins, an account shows its running balance."""
    remplir(hopital)
    with scope(hopital.tenant.id):
        made = close_period(
            closing_type="daily", closing_date=local_date(hopital.tenant.time_zone), acteur=SYSTEM
        ).closing
        ligne = LigneEcriture.objects.select_related("compte").order_by("id")[0]
    fenetre = ouvrir()
    fenetre.entrer(hopital.comptable)
    page = fenetre.page
    page.set_viewport_size({"width": 320, "height": 740})
    fenetre.aller(f"chaine/continuite/?de={made.number}&a={made.number}")
    for titre in page.locator("dl.paires dt").element_handles():
        assert titre.evaluate("dt => dt.scrollWidth <= dt.clientWidth"), titre.inner_text()
    page.set_viewport_size({"width": 1366, "height": 768})
    fenetre.aller("chaine/archive/")
    champ = page.locator("[name=du]").bounding_box()
    assert champ is not None
    assert champ["width"] < 300
    page.set_viewport_size({"width": 320, "height": 740})
    fenetre.aller(f"comptabilite/comptes/{ligne.compte.numero}/")
    assert page.locator("td:visible, th:visible").filter(has_text="Solde").count() >= 2
    marges = page.evaluate(
        """() => [...document.querySelectorAll(".tableau tbody tr")].map(rang => {
          const vues = [...rang.children].filter(cellule => cellule.offsetWidth);
          return [vues[0], vues.at(-1)].map(c => getComputedStyle(c)).map((s, i) => parseFloat(i ? s.paddingRight : s.paddingLeft));
        })"""
    )
    assert marges
    assert min(min(rang) for rang in marges) >= 12, marges
    assert largeurs_debordees(page) == []


def test_without_a_script_a_wrong_day_keeps_what_was_typed(hopital: Hopital, ouvrir: Ouvrir) -> None:
    fenetre = ouvrir(java_script_enabled=False)
    fenetre.entrer(hopital.comptable)
    jour = local_date(hopital.tenant.time_zone)
    page = fenetre.aller(f"chaine/clotures/jour/{jour.isoformat()}/")
    page.fill("[name=confirmation]", "01/01/2020")
    page.click("button:has-text('Clôturer')")
    page.wait_for_selector("text=qui est à clôturer")
    assert page.input_value("[name=confirmation]") == "01/01/2020"
    page.fill("[name=confirmation]", f"{jour:%d/%m/%Y}")
    page.click("button:has-text('Clôturer')")
    page.wait_for_selector("text=Clôture faite")
