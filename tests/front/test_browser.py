"""The house in Chromium: keys, ticking, one sending, narrow screens, no script, and the policy obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from tests.front import catalogue
from tests.support.browser import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-n'; style-src 'self' 'nonce-n'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
Open = Callable[..., "Page"]


@pytest.fixture
def open_catalogue(live_server: Any, browser: Browser) -> Iterator[Open]:
    """Open the catalogue under our policy; anything on the console fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(theme: str = "auto", **options: Any) -> Page:
        context = browser.new_context(locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints)
        with translation.override("fr"):
            html = catalogue.render(theme)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        page.route("**/catalogue/**", lambda route: route.fulfill(body=html, headers=headers))
        page.goto(f"{live_server.url}/catalogue/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
    )


def test_a_key_focuses_a_field_and_presses_a_button(open_catalogue: Open) -> None:
    page = open_catalogue()
    page.keyboard.press("F4")
    assert focused(page) == "id_note"
    page.evaluate(
        "document.querySelector('.tete .btn-primary').addEventListener('click', () => { window.pressed = true })"
    )
    page.keyboard.press("Control+Enter")
    assert page.evaluate("window.pressed") is True


def test_a_question_mark_lists_the_keys_but_not_inside_a_field(open_catalogue: Open) -> None:
    page = open_catalogue()
    page.keyboard.press("F4")
    page.keyboard.type("?")
    assert page.input_value("#id_note") == "?"
    assert not page.is_visible("#aide-touches")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("?")
    assert page.is_visible("#aide-touches")
    listed = page.inner_text("#aide-touches dl")
    assert "Ctrl+Entrée" in listed
    assert "Note" in listed
    page.keyboard.press("Escape")
    assert not page.is_visible("#aide-touches")


def test_ticking_counts_adds_up_and_names_the_act(open_catalogue: Open) -> None:
    page = open_catalogue()
    bar = page.locator(".selection")
    assert bar.locator("button[value=valider]").is_disabled()
    page.check('input[name="f"][value="FAC-2026-04811"]')
    assert "1 facture sélectionnée, 21 000 FCFA" in bar.inner_text().replace("\u202f", " ").replace("\u00a0", " ")
    assert "Valider la facture" in bar.inner_text()
    page.check("input[data-tout=f]")
    assert "Valider les 10 factures" in bar.inner_text()
    page.click("[data-aucun=f]")
    assert page.locator('input[name="f"]:checked').count() == 0
    assert "0 facture sélectionnée," in bar.inner_text()
    page.evaluate("document.documentElement.lang = 'en'")
    page.check("input[data-tout=f]")
    page.click("[data-aucun=f]")
    assert "0 factures sélectionnées," in bar.inner_text()


def test_arrows_walk_the_rows(open_catalogue: Open) -> None:
    page = open_catalogue()
    page.focus("[data-parcours] tbody tr:nth-child(1) th a")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "FAC-2026-04812"


def test_a_form_is_sent_once_with_its_button_and_back_frees_it(open_catalogue: Open) -> None:
    page = open_catalogue()
    sent: list[str] = []
    page.route("**/recu/", lambda route: (sent.append(route.request.post_data or ""), route.fulfill(body="<h1>reçu</h1>", content_type="text/html; charset=utf-8")))  # fmt: skip
    page.evaluate("document.querySelector('[data-parcours]').action = '/recu/'")
    page.check('input[name="f"][value="FAC-2026-04811"]')
    page.evaluate("() => { const b = document.querySelector('button[value=valider]'); b.click(); b.click(); }")
    page.wait_for_url("**/recu/")
    assert len(sent) == 1
    assert "action=valider" in sent[0]
    page.go_back()
    assert page.locator("form[data-envoye]").count() == 0


def test_escape_closes_the_menu_and_gives_the_focus_back(open_catalogue: Open) -> None:
    page = open_catalogue()
    page.click(".menu summary")
    assert page.is_visible(".menu-in")
    page.keyboard.press("Escape")
    assert not page.is_visible(".menu-in")
    assert focused(page) == "SUMMARY"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 768, 1366])
def test_nothing_runs_over_the_side(open_catalogue: Open, theme: str, width: int) -> None:
    page = open_catalogue(theme, viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("scheme", "ground"), [("dark", "rgb(21, 23, 27)"), ("light", "rgb(247, 243, 234)")])
def test_auto_follows_the_computer_without_a_script(open_catalogue: Open, scheme: str, ground: str) -> None:
    page = open_catalogue("auto", color_scheme=scheme, java_script_enabled=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_without_a_script_the_buttons_stay_open_and_empty_promises_hidden(open_catalogue: Open) -> None:
    page = open_catalogue(java_script_enabled=False)
    assert page.locator("button[value=valider]").is_enabled()
    assert not page.is_visible("input[data-tout]")
    assert not page.is_visible("[data-aide-touches]")


def test_the_door_works_without_a_script(live_server: Any, browser: Browser) -> None:
    context = browser.new_context(locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/compte/login/")
    page.click("button[value=dark]")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    assert page.locator("#id_login").is_visible()
    page.fill("#id_login", "amina.caisse@sainte-odile")
    page.fill("#id_password", "faux")
    page.click("button.btn-primary")
    assert page.locator("#erreurs").is_visible()
    context.close()
