"""Requests that no browser makes: refused in words, logged without what must not be kept, never a 500."""

from __future__ import annotations

import json

import pytest
from django.http import QueryDict
from django.test import Client, RequestFactory

from apps.socle.middleware import _body_of
from apps.socle.redaction import HIDDEN, redact

NUL_COOKIE = '"abcdefghijkl\\000mnop"'  # a quoted cookie may carry octal escapes
CARD = "4111111111111111"
SEPARATORS = (" ", "-", ".", ",", "/", "_", "\t", "\u00a0", "\u202f", "\u2009", "\u2013", "  ", ". ")


@pytest.mark.parametrize("path", ["/\x00", "/%00/", "/sainte-odile%00/", "/sainte-odile/%00/", "/compte/%00/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nul_in_an_address(db, path: str, method: str) -> None:
    assert getattr(Client(), method)(path).status_code == 400


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "etablissement", "theme", "django_language"])
@pytest.mark.parametrize("path", ["/", "/compte/login/", "/sainte-odile/"])
def test_nul_in_a_cookie(db, name: str, path: str) -> None:
    client = Client(headers={"cookie": f"{name}={NUL_COOKIE}"})
    assert client.get(path).status_code == 400
    assert client.post(path, {"login": "amina", "password": "x"}).status_code == 400


@pytest.mark.parametrize("body", [b'{"a":"\\ud800"}', b"[" * 100_000, b"\xff\xfe", b'"\\u0000"'])
def test_json_that_is_no_text_is_logged_all_the_same(db, body: bytes) -> None:
    assert Client().post("/nulle-part/", data=body, content_type="application/json").status_code in {302, 404}


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_card_number_is_not_logged_however_it_is_grouped(separator: str) -> None:
    number = separator.join(CARD[i : i + 4] for i in range(0, 16, 4))
    assert redact({"banque": [f"carte {number}."]}) == {"banque": [f"carte {HIDDEN}."]}


def test_the_holder_of_a_cheque_is_not_logged() -> None:
    form = QueryDict(mutable=True)
    form.update({"paiements-0-titulaire": "Landry Oumarou", "paiements-0-banque": CARD, "paiements-0-montant": "5000"})
    request = RequestFactory().post("/", form.urlencode(), content_type="application/x-www-form-urlencoded")
    logged = json.loads(_body_of(request))
    assert logged["paiements-0-titulaire"] == [HIDDEN] or logged["paiements-0-titulaire"] == HIDDEN
    assert HIDDEN in logged["paiements-0-banque"]
    assert logged["paiements-0-montant"] == ["5000"]


@pytest.mark.parametrize(
    "text", ["20/11/2026 10:42", "12 500", "2026-11-20 06:42:35", "10 000 000 FCFA", "677 41 20 93"]
)
def test_dates_amounts_and_telephones_are_kept(text: str) -> None:
    assert redact({"vu": text}) == {"vu": text}
