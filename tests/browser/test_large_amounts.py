"""The till with twelve digits in its boxes: all of them are read, on the desk's screen and on the narrowest phone."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Hopital, Ouvrir
from tests.browser.donnees import remplir

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CACHES = """() => [...document.querySelectorAll("#poste input.montant")].filter((e) =>
    !e.getClientRects().length || e.scrollWidth > e.clientWidth).map((e) => e.id)"""
"""The amounts that are not on the page, or not whole."""


def test_twelve_digits_are_read_and_a_price_is_typed_at_every_width(hopital: Hopital, ouvrir: Ouvrir) -> None:
    remplir(hopital)
    for theme, largeur in (("light", 1366), ("dark", 320)):
        fenetre = ouvrir(theme, viewport={"width": largeur, "height": 768})
        fenetre.entrer(hopital.caissiere)
        page = fenetre.aller("caisse/")
        page.fill("#q", "677412093")
        page.press("#q", "Enter")
        fenetre.attendre("ajout")
        page.keyboard.type("im-doppler-tsa")
        page.keyboard.press("Enter")
        page.fill("#id_lignes-0-prix", "987 654 321 000")
        page.keyboard.press("Tab")
        page.wait_for_selector("#motif")
        page.fill("#id_paiements-0-recu", "999 999 999 999")
        page.wait_for_selector(".rendu:has-text('12\u202f345\u202f678\u202f999')")
        fenetre.photo(f"grands-montants-{largeur}-{theme}")
        assert page.evaluate(CACHES) == []
        assert not fenetre.deborde
        page.fill("#id_paiements-0-montant", "x")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#id_paiements-0-montant_erreur")
        milieux = page.evaluate(
            """() => ["label[for='id_paiements-0-montant']", "#id_paiements-0-montant"].map((s) => {
                const cadre = document.querySelector(s).getBoundingClientRect();
                return cadre.top + cadre.height / 2;
            })"""
        )
        assert abs(milieux[0] - milieux[1]) < 2  # the label still faces its field, the error is below both
