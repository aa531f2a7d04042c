"""Every staff screen in Chromium, bare and full of what a screen bears badly: nothing runs over the side, nothing complains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.fiscal.tests.factories import failed_check
from apps.socle.scope import scope
from tests.browser.conftest import Fenetre, Hopital, Ouvrir
from tests.browser.donnees import remplir

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SANS_ECRAN = {
    "caisse:exporter_factures", "caisse:exporter_quittances", "caisse:original", "caisse:duplicata", "caisse:reimprimer", "caisse:traiter",
    "caisse:ouvrir", "caisse:fermer", "fiscal:verify", "mouvements:ecriture", "grand_livre:valider", "grand_livre:comptabiliser_toutes",
    "grand_livre:ajouter_regle", "grand_livre:comptabiliser", "grand_livre:ouvrir_exercice", "grand_livre:imputation", "hospital:patient_recherche",
    "hospital:tarif_recherche", "hospital:visite_fermer", "hospital:visite_confirmer",
}  # fmt: skip
"""Addresses that answer with a file, a fragment or a redirection; an imputation's page needs a fact without rule (its app tests it)."""
AU_GUICHET = {
    "caisse:encaisser", "caisse:corriger", "caisse:encaisser_facture", "caisse:session", "hospital:patient_creer", "hospital:patient_modifier",
}  # fmt: skip
ESPACES = ("caisse", "grand_livre", "fiscal", "hospital", "mouvements", "facturation")
LARGEURS = (1366, 768, 360, 320)
DEPASSE = """() => {
  const largeur = document.documentElement.clientWidth;
  const cache = [...document.querySelectorAll("main table, .marque span")].some((e) => {
    const cadre = e.getBoundingClientRect();
    return cadre.right > largeur + 1 || (e.matches(".marque span") && cadre.height > 46);
  });
  return cache || document.documentElement.scrollWidth > largeur;
}"""
"""Whether the page, or a table that a panel would cut off, is wider than the window, or the house's name breaks."""


def noms() -> Iterator[str]:
    """Every named address of the staff's apps, the home included."""
    yield "home"
    for inclus in get_resolver("config.urls_staff").url_patterns:
        if isinstance(inclus, URLResolver) and inclus.namespace in ESPACES:
            yield from (f"{inclus.namespace}:{p.name}" for p in inclus.url_patterns if isinstance(p, URLPattern))


ECRANS = [nom for nom in noms() if nom not in SANS_ECRAN]


def largeurs_debordees(page: Page) -> list[int]:
    """Return the widths at which something runs over the side."""
    fautives = []
    for largeur in LARGEURS:
        page.set_viewport_size({"width": largeur, "height": 768})
        if page.evaluate(DEPASSE):
            fautives.append(largeur)
    return fautives


def est_un_ecran(fenetre: Fenetre, chemin: str) -> bool:
    """Tell a page from an address that only takes forms, and from a file."""
    reponse = fenetre.page.request.get(f"{fenetre.racine}/{chemin}")
    return reponse.status != 405 and reponse.headers.get("content-type", "").startswith("text/html")


def regarder(fenetre: Fenetre, nom: str, chemin: str, suffixe: str) -> dict[str, list[int]]:
    """Open a screen, light then dark, at each width; keep its pictures; return what runs over."""
    page = fenetre.aller(chemin)
    assert page.locator("h1").count() == 1, nom
    assert page.locator(".btn-primary:visible").count() <= 2, nom
    debordees = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        fautives = largeurs_debordees(page)
        if fautives:
            debordees[f"{nom} {theme}"] = fautives
        for largeur in (1366, 320) if fenetre.garde else ():
            page.set_viewport_size({"width": largeur, "height": 768})
            fenetre.photo(f"ecran-{nom.replace(':', '-')}-{suffixe}-{largeur}-{theme}")
    return debordees


@pytest.mark.parametrize("plein", [False, True], ids=["vide", "plein"])
def test_nothing_runs_over_the_side(hopital: Hopital, ouvrir: Ouvrir, plein: bool) -> None:
    arguments = remplir(hopital) if plein else {}
    guichet, bureau = ouvrir(), ouvrir()
    guichet.entrer(hopital.caissiere)
    bureau.entrer(hopital.comptable)
    debordees: dict[str, list[int]] = {}
    for nom in ECRANS:
        demande = (
            reverse(nom, args=arguments.get(nom, ()), urlconf="config.urls_staff")
            if nom in arguments or not _exige(nom)
            else None
        )
        if demande is None:
            continue
        fenetre = guichet if nom in AU_GUICHET else bureau
        if not est_un_ecran(fenetre, demande.lstrip("/")):
            continue
        debordees |= regarder(fenetre, nom, demande.lstrip("/"), "plein" if plein else "vide")
    assert debordees == {}


def _exige(nom: str) -> bool:
    """Tell whether the address needs an object."""
    espace, _deux_points, court = nom.rpartition(":")
    resolveur = get_resolver("config.urls_staff")
    for inclus in resolveur.url_patterns if espace else []:
        if isinstance(inclus, URLResolver) and inclus.namespace == espace:
            return any(
                "<" in str(p.pattern) for p in inclus.url_patterns if isinstance(p, URLPattern) and p.name == court
            )
    return False


BARRE = """nav => [...nav.querySelectorAll("a")].filter(lien => {
  const place = lien.getBoundingClientRect(), vu = nav.getBoundingClientRect();
  const dedans = place.left >= vu.left - 1 && place.right <= vu.right + 1 && place.bottom <= vu.bottom + 1;
  return (lien.hasAttribute("aria-current") || innerWidth > 767) && !(dedans && place.right <= innerWidth);
}).map(lien => lien.textContent)"""


@pytest.mark.parametrize("script", [True, False], ids=["script", "sans script"])
def test_nothing_of_the_bar_is_out_of_sight(hopital: Hopital, ouvrir: Ouvrir, script: bool) -> None:
    """On a laptop every entry, the red badge beside them; on a telephone, where the bar scrolls, the current one."""
    with scope(hopital.tenant.id):
        failed_check()
    fenetre = ouvrir(java_script_enabled=script)
    fenetre.entrer(hopital.comptable)
    for chemin in ("chaine/", "chaine/clotures/", "comptabilite/balance/"):
        page = fenetre.aller(chemin)
        for largeur in (1366, 1024, 768, 320):
            page.set_viewport_size({"width": largeur, "height": 768})
            assert page.locator("header.barre nav").evaluate(BARRE) == [], (chemin, largeur)
        assert page.locator(".session.alarme").count()
