"""A person in front of the till's screens: opens a page, reads it, changes fields, presses a button of its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import tinyhtml5
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.organisations.models import Tenant, User
from apps.socle.actors import Acteur

EN_LIGNE = frozenset({"a", "b", "strong", "small", "kbd", "mark"})


class Page:
    """What the server answered: its status, its words, its forms."""

    def __init__(self, reponse: HttpResponse) -> None:
        self.reponse = reponse
        self.statut = reponse.status_code
        self.vers = reponse.headers.get("Location", "")
        self.html = "" if reponse.streaming else reponse.content.decode(errors="replace")
        self.arbre = tinyhtml5.parse(self.html, namespace_html_elements=False)

    @property
    def texte(self) -> str:
        """The page's words, spaces made ordinary: amounts are compared as people read them."""
        return _mots(self.arbre)

    def trouver(self, nom: str, **attributs: str) -> list[Element]:
        """Return the elements called `nom` that have these attributes (`data_x` is read `data-x`)."""
        voulus = {cle.rstrip("_").replace("_", "-"): valeur for cle, valeur in attributs.items()}
        return [e for e in self.arbre.iter(nom) if all(e.get(cle) == valeur for cle, valeur in voulus.items())]

    def par_id(self, identifiant: str) -> Element | None:
        return next((e for e in self.arbre.iter() if e.get("id") == identifiant), None)

    def erreur_de(self, nom: str) -> str:
        """Return the sentence tied to the field `nom` by aria-describedby; empty when the field is not marked wrong."""
        champ = next((e for e in self.arbre.iter() if e.get("name") == nom and e.get("type") != "hidden"), None)
        if champ is None or champ.get("aria-invalid") != "true":
            return ""
        dites = [self.par_id(cle) for cle in (champ.get("aria-describedby") or "").split()]
        return " ".join(_mots(e) for e in dites if e is not None)

    def formulaire(self, **attributs: str) -> dict[str, Any]:
        """Return what the form would send, as a browser fills it; the `poste` unless attributes name another."""
        [forme] = self.trouver("form", **(attributs or {"id": "poste"}))
        return dict(_champs(forme))

    def valeur(self, nom: str) -> str:
        return str(self.formulaire()[nom])

    @property
    def resume(self) -> list[tuple[str, str]]:
        """The links of the summary at the top: (target, words)."""
        bloc = self.par_id("erreurs")
        return [] if bloc is None else [(a.get("href") or "", a.text or "") for a in bloc.iter("a")]

    @property
    def refus(self) -> str:
        """All that the page's bands say."""
        bandes = [e for e in self.arbre.iter("div") if "avis" in (e.get("class") or "").split()]
        return " ".join(_mots(e) for e in bandes)


def _mots(element: Element) -> str:
    return " ".join("".join(_morceaux(element)).split())


def _morceaux(element: Element) -> Iterator[str]:
    if element.tag not in EN_LIGNE:
        yield " "
    yield element.text or ""
    for enfant in element:
        yield from _morceaux(enfant)
        yield enfant.tail or ""
    if element.tag not in EN_LIGNE:
        yield " "


def _champs(forme: Element) -> Iterator[tuple[str, Any]]:
    for e in forme.iter():
        nom = e.get("name")
        if not nom or e.tag == "button" or e.get("disabled") is not None:
            continue
        if e.tag == "select":
            options = list(e.iter("option"))
            choisie = next((o for o in options if o.get("selected") is not None), options[0])
            yield nom, choisie.get("value", "")
        elif e.tag == "textarea":
            yield nom, e.text or ""
        elif e.get("type") in {"checkbox", "radio"}:
            if e.get("checked") is not None:
                yield nom, e.get("value", "on")
        else:
            yield nom, e.get("value", "")


class Personne:
    """A member signed in: `ouvrir("caisse:encaisser")`, then `presser(page, "moyen:MOBILE", …)`."""

    def __init__(self, tenant: Tenant, qui: Acteur | User) -> None:
        self.tenant, self.id = tenant, qui.pk if isinstance(qui, User) else qui.id
        self.client = Client()
        self.client.force_login(User.objects.get(pk=self.id))

    def adresse(self, nom: str, *args: Any) -> str:
        return f"/{self.tenant.slug}{reverse(nom, args=args, urlconf='config.urls_staff')}"

    def ouvrir(self, nom: str, *args: Any, **query: Any) -> Page:
        return Page(self.client.get(self.adresse(nom, *args), query))

    def suivre(self, page: Page) -> Page:
        """Follow a redirection of the site."""
        assert page.statut == 302, (page.statut, page.refus)
        return Page(self.client.get(page.vers))

    def envoyer(self, nom: str, *args: Any, donnees: dict[str, Any], **entetes: Any) -> Page:
        return Page(self.client.post(self.adresse(nom, *args), donnees, headers=entetes))

    def presser(self, page: Page, faire: str, **changements: Any) -> Page:
        """Press a button of the till's form with some fields changed (`paiements_0_montant` names `paiements-0-montant`)."""
        [forme] = page.trouver("form", id="poste")
        donnees = page.formulaire() | {nom_de_champ(cle): valeur for cle, valeur in changements.items()}
        adresse = forme.get("action") or page.reponse.wsgi_request.get_full_path()
        return Page(self.client.post(adresse, {**donnees, "faire": faire}))


def nom_de_champ(cle: str) -> str:
    """Return the name of an input from a Python name: `lignes_0_quantite` is `lignes-0-quantite`."""
    debut, _tiret, reste = cle.partition("_")
    if debut not in {"lignes", "paiements"}:
        return cle
    rang, _tiret, nom = reste.partition("_")
    return f"{debut}-{rang}-{nom}"
