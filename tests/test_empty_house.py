"""A house on its first morning: each list says that there is nothing yet, and who puts the first thing there.

« Ne répond à cette recherche » would send the newcomer looking for a filter.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user

TARIFFS = "Aucun tarif n’est encore enregistré"
RECEIPTS = "Aucune quittance n’a encore été émise"
INVOICES = "Aucune facture n’a encore été établie"
ENTRIES = "Aucune écriture encore Elles naissent des factures et des encaissements de la caisse."
# (address, arguments, question) and what it says, by role.
EMPTY: dict[str, list[tuple[str, tuple[str, ...], str, str]]] = {
    "caissier": [
        ("hospital:tarifs", (), "", f"{TARIFFS} Un comptable ou l’administrateur les enregistre."),
        ("hospital:tarifs", (), "?q=radio", TARIFFS),
        ("hospital:tarif_recherche", (), "?q=radio", "Aucun n’est encore enregistré"),
        ("hospital:patients", (), "", "Aucun patient n’est encore enregistré Enregistrer un patient"),
        ("caisse:factures", (), "?etat=toutes", f"{INVOICES} Encaisser"),
        ("caisse:quittances", (), "", f"{RECEIPTS} Encaisser"),
        ("mouvements:tiers", (), "", "Aucun tiers n’est encore enregistré Chaque patient enregistré a ici son compte."),
    ],
    "comptable": [
        ("hospital:tarifs", (), "", f"{TARIFFS} Enregistrer le premier"),
        ("hospital:patients", (), "", "Un caissier ou un médecin les enregistre à leur arrivée."),
        ("caisse:factures", (), "", f"{INVOICES} Un caissier les établit à la caisse"),
        ("caisse:quittances", (), "?moyen=CHEQUE", f"{RECEIPTS} Chaque encaissement d’un caissier en émet une."),
        ("grand_livre:ecritures", (), "", ENTRIES),
        ("grand_livre:ecritures", (), "?q=radio", ENTRIES),
        ("grand_livre:balance", (), "", ENTRIES),
        ("grand_livre:centralisateur", (), "", ENTRIES),
        ("grand_livre:compte", ("4111",), "", ENTRIES),
        ("grand_livre:imputations", (), "", "Aucune imputation en attente"),
        ("fiscal:chain", (), "", "La chaîne n’a encore aucun maillon Chaque facture, chaque quittance en ajoute un."),
    ],
}


@pytest.fixture(autouse=True)
def no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR = "optional"


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("role", EMPTY)
def test_a_new_house_says_what_is_not_there_yet(tenant: Tenant, role: str) -> None:
    client = Client()
    client.force_login(make_user(tenant, role))
    for name, arguments, query, sentence in EMPTY[role]:
        address = f"/{tenant.slug}{reverse(name, args=arguments, urlconf='config.urls_staff')}{query}"
        said = words(client.get(address).content.decode())
        assert sentence in said, address
        assert "ne répond à c" not in said, address


def test_the_till_says_that_there_is_no_tariff_at_all(tenant: Tenant) -> None:
    client = Client()
    client.force_login(make_user(tenant, "caissier"))
    said = words(client.post(f"/{tenant.slug}/caisse/", {"ajout": "radio"}).content.decode())
    assert "Aucun n’est encore enregistré : un comptable ou l’administrateur s’en charge." in said
