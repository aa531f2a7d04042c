"""What is too large for its column, or hidden from the eye, is said; it is never a 500, and nothing is written."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from apps.comptabilite.caisse.carte import contient_numero_de_carte
from apps.comptabilite.caisse.models import Caisse, FactureCaisse, SessionCaisse
from apps.comptabilite.tests.caisse.factories import Guichet, make_guichet
from apps.organisations.models import User
from apps.organisations.tests.factories import make_user
from apps.socle.money import LIMIT
from apps.socle.templatetags.cauris import KEY_FIELD

pytestmark = pytest.mark.database
ENORME = "9999999999999999"


@pytest.fixture
def guichet(tenant, monkeypatch: pytest.MonkeyPatch) -> Guichet:
    monkeypatch.setattr(settings, "SECOND_FACTOR", "optional")
    return make_guichet(tenant)


def navigateur(user_id: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    return client


def vente(guichet: Guichet, **champs: str) -> dict[str, str]:
    return {
        "patient": str(guichet.patient.pk),
        "lignes-0-code": "CONS-GEN",
        "lignes-0-quantite": "1",
        "paiements-0-moyen": "ESPECES",
        "paiements-0-montant": "5000",
        KEY_FIELD: uuid.uuid4().hex,
        **champs,
    }


@pytest.mark.parametrize("faire", ["encaisser", "attente"])
@pytest.mark.parametrize(
    "champs",
    [
        {"lignes-0-quantite": ENORME, "lignes-0-prix": "0"},
        {"lignes-0-code": "LB-VIH", "lignes-0-quantite": ENORME},
        {
            f"lignes-{rang}-{nom}": valeur
            for rang in range(20)
            for nom, valeur in (("code", "CONS-GEN"), ("quantite", "1"), ("prix", "999999999999"))
        },
    ],
    ids=["quantity at no price", "quantity of a free test", "sum of twenty lines"],
)
def test_a_sale_too_large_is_refused_in_words(guichet: Guichet, faire: str, champs: dict[str, str]) -> None:
    client = navigateur(guichet.caissiere.id)
    reponse = client.post(f"/{guichet.tenant.slug}/caisse/", vente(guichet, faire=faire, **champs))
    assert reponse.status_code == 422
    assert "trop grand" in reponse.content.decode()  # « trop grande » of a quantity
    assert not FactureCaisse.objects.exists()


def test_a_float_that_overflows_the_totals_is_refused_in_words(tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day's total of an account is a column too; each float may be as large as its own column here."""
    monkeypatch.setattr("apps.comptabilite.caisse.contexte.LARGEST", LIMIT)
    caissier, caisse = make_user(tenant), Caisse.objects.get(code="C1")
    client, racine = navigateur(caissier.pk), f"/{tenant.slug}/caisse/ma-caisse"

    def ouvrir(fonds: str) -> HttpResponse:
        """Open the till, and say so again where the page asks."""
        demande = {"caisse": caisse.pk, "fonds": fonds, KEY_FIELD: uuid.uuid4().hex}
        reponse = client.post(f"{racine}/ouvrir/", demande)
        redite = re.search(r'name="confirme" value="([^"]+)"', reponse.content.decode())
        return client.post(f"{racine}/ouvrir/", {**demande, "confirme": redite[1]}) if redite else reponse

    for fonds in (ENORME, "0"):
        ouvrir(fonds)
        ouverte = SessionCaisse.objects.get(statut="OUVERTE")
        client.post(f"{racine}/fermer/", {"session": ouverte.pk, "compte": fonds, KEY_FIELD: uuid.uuid4().hex})
    reponse = ouvrir(ENORME)
    assert reponse.status_code == 422
    assert "trop grand" in reponse.content.decode()
    assert not SessionCaisse.objects.filter(statut="OUVERTE").exists()


@pytest.mark.parametrize("champ", ["paiements-0-calcule", "paiements-0-moyen", "lignes-0-code"])
def test_a_card_number_in_a_hidden_field_is_refused_in_words(guichet: Guichet, champ: str) -> None:
    client = navigateur(guichet.caissiere.id)
    reponse = client.post(
        f"/{guichet.tenant.slug}/caisse/", vente(guichet, faire="encaisser", **{champ: "4111 1111 1111 1111"})
    )
    assert reponse.status_code in {302, 422}
    assert "4111 1111" not in reponse.content.decode()


@pytest.mark.parametrize("separateur", [".", ",", "/", "_", "\t", "\u2009", "\u2013", "  ", ". "])
def test_no_way_of_grouping_hides_a_card_number(separateur: str) -> None:
    assert contient_numero_de_carte(separateur.join(["4111"] * 1 + ["1111"] * 3))


@pytest.mark.parametrize("zero", ["\uff10", "\u0660"], ids=["full width", "Arabic"])
def test_no_other_script_hides_a_card_number(zero: str) -> None:
    assert contient_numero_de_carte("".join(chr(ord(zero) + int(chiffre)) for chiffre in "4111111111111111"))
