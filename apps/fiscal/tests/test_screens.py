"""The chain's screens: the list, one link, the button, the verifications."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.fiscal.models import FiscalEntry, FiscalIntegrityCheck
from apps.fiscal.readable import Node, label, layout, signed_data
from apps.fiscal.selectors import traces_of_fact
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.factories import CASHIER, chain_links, failed_check
from apps.fiscal.verification import Anomaly
from apps.fiscal.views import chain as views
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_user
from apps.socle import facts
from apps.socle.actors import SYSTEM
from apps.socle.facts import Trace
from tests.front.support import assert_house_page

CHAIN = "/sainte-odile/chaine/"


@pytest.fixture
def enter(tenant: Tenant, client: Client, settings: LazySettings) -> Any:
    """`enter("comptable")` signs a new member in and returns the client."""
    settings.SECOND_FACTOR = "optional"

    def sign_in(role: str = "comptable") -> Client:
        client.force_login(make_user(tenant, role))
        return client

    return sign_in


def page(client: Client, address: str = CHAIN, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert_house_page(html)
    return html


def test_the_list_shows_links_latest_first(tenant: Tenant, enter: Any) -> None:
    links = chain_links(tenant, 3, CASHIER)
    html = page(enter())
    assert "3 maillons" in html
    assert "n’a encore jamais été vérifiée" in html
    places = [html.index(f'href="/sainte-odile/chaine/{link.sequence_number}/"') for link in reversed(links)]
    assert places == sorted(places)
    assert links[0].chain_hash[:12] in html
    assert "Amina Mbarga" in html


def test_an_empty_chain_has_its_page(enter: Any) -> None:
    html = page(enter())
    assert "0 maillon" in html
    assert "La chaîne n’a encore aucun maillon" in html


def test_a_search_without_result_is_no_empty_chain(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 1, CASHIER)
    assert "Aucun maillon ne répond" in page(enter(), q="99")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "2"}, {2}),
        ({"q": " quit-2026-00003 "}, {3}),
        ({"q": "QUIT"}, {3}),
        ({"q": "99999999999999999999999"}, set()),
        ({"q": "%"}, set()),
        ({"type": "payment"}, {1, 2, 3}),
        ({"type": "invoice"}, set()),
        ({"type": "unknown"}, {1, 2, 3}),
        ({"du": "2026-01-01", "au": "2099-01-01"}, {1, 2, 3}),
        ({"du": "2099-01-01"}, set()),
        ({"au": "2020-01-01"}, set()),
    ],
)
def test_filters(tenant: Tenant, enter: Any, query: dict[str, str], found: set[int]) -> None:
    chain_links(tenant, 2)
    chain_links(tenant, 1, number="QUIT-2026-00003")
    html = page(enter(), **query)
    assert {n for n in (1, 2, 3) if f'href="/sainte-odile/chaine/{n}/"' in html} == found


def test_pages_sort_and_filters_live_in_the_address(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 30)
    html = page(enter(), tri="maillon", page="2", type="payment")
    assert 'href="/sainte-odile/chaine/30/"' in html
    assert 'href="/sainte-odile/chaine/1/"' not in html
    assert "26 à 30 sur 30" in html


def test_a_link_shows_all_that_was_signed(tenant: Tenant, enter: Any) -> None:
    document = {"numero": "QUIT-1", "lignes": [{"libelle": "Échographie", "montant": "18000"}], "duplicata": False}
    _first, link, _last = (
        *chain_links(tenant, 1),
        *chain_links(tenant, 1, CASHIER, snapshot=document, number="QUIT-1", amount=Decimal(18000)),
        *chain_links(tenant, 1),
    )
    html = page(enter(), f"{CHAIN}2/")
    for text in (link.data_hash, link.previous_hash, link.chain_hash, bytes(link.signature).hex(), "QUIT-1", "k1"):
        assert text in html
    assert "18\u202f000" in html
    assert "Échographie" in html
    assert "Amina Mbarga" in html
    assert "Conforme" in html
    assert "Essai" in html, "what the app that declared the fact calls it"
    assert 'rel="prev" href="/sainte-odile/chaine/1/"' in html
    assert 'rel="next" href="/sainte-odile/chaine/3/"' in html
    assert "18000" in html


def test_the_ends_have_one_neighbour(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 2)
    client = enter()
    assert 'rel="prev"' not in page(client, f"{CHAIN}1/")
    assert 'rel="next"' not in page(client, f"{CHAIN}2/")


def test_an_unknown_link_is_404(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 1)
    client = enter()
    for number in ("2", "0", "99999999999999999999999"):
        assert client.get(f"{CHAIN}{number}/").status_code == 404


def test_document_and_entry_are_one_click_away(tenant: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (link,) = chain_links(tenant, 1)
    monkeypatch.setitem(facts._source_links, "organisations.Tiers", lambda pk: (f"/ailleurs/{pk}/", "Le document"))
    entry = Trace(
        kind="Écriture", label="CA 12", url="/sainte-odile/comptabilite/12/", permission="fiscal.view_fiscalentry"
    )
    monkeypatch.setitem(facts._traces, "comptabilite", lambda fact_id: [entry] if fact_id == link.fact_id else [])
    html = page(enter(), f"{CHAIN}1/")
    assert f'href="/ailleurs/{link.entity_id}/">Le document' in html
    assert 'href="/sainte-odile/comptabilite/12/">CA 12' in html


@pytest.mark.urls("config.urls_staff")
def test_the_chain_tells_others_which_link_a_fact_left(tenant: Tenant) -> None:
    (link,) = chain_links(tenant, 1)
    trace, proof = traces_of_fact(link.fact_id)
    assert (str(proof.kind), proof.url) == ("Preuve", "/chaine/1/preuve/")
    assert (trace.label, trace.url) == ("1", "/chaine/1/")
    assert trace.detail == f"{link.chain_hash[:12]}…"


@pytest.mark.parametrize(("role", "seen"), [("administrateur", True), ("comptable", False), ("auditeur", False)])
def test_the_address_of_who_acted_is_for_few(tenant: Tenant, enter: Any, role: str, seen: bool) -> None:
    (link,) = chain_links(tenant, 1, CASHIER)
    client = enter(role)
    assert ("192.0.2.7" in page(client, f"{CHAIN}1/")) is seen
    link.commitment.delete()
    assert "192.0.2.7" not in page(client, f"{CHAIN}1/")


def test_the_button_verifies_and_says_so(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 3)
    client = enter()
    answer = client.post(f"{CHAIN}verifier/", follow=True)
    assert answer.redirect_chain == [(CHAIN, 303)]
    check = FiscalIntegrityCheck.objects.get()
    assert (check.status, check.entries_validated, check.actor_type) == ("passed", 3, "user")
    html = answer.content.decode()
    assert "Chaîne conforme : 3 maillons vérifiés." in html
    assert check.head_hash in html
    assert check.actor_label in html


def test_a_long_chain_is_left_to_a_worker(
    tenant: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    chain_links(tenant, 3)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(views, "AT_ONCE", 2)
    monkeypatch.setattr(views.verify_one_chain, "delay", lambda *values: asked.append(values))
    client = enter()
    with django_capture_on_commit_callbacks(execute=True):
        html = client.post(f"{CHAIN}verifier/", follow=True).content.decode()
    assert "La vérification de 3 maillons est lancée" in html
    assert not FiscalIntegrityCheck.objects.exists()
    ((tenant_id, user_id, _label, role),) = asked
    assert (tenant_id, role) == (str(tenant.pk), "comptable")
    views.verify_one_chain(tenant_id, user_id, _label, role)
    assert str(FiscalIntegrityCheck.objects.get().actor_id) == user_id


def test_without_the_secret_nothing_is_called_whole(
    tenant: Tenant, enter: Any, settings: LazySettings, tmp_path: Path
) -> None:
    chain_links(tenant, 1)
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    client = enter()
    assert "Vérification impossible" in client.post(f"{CHAIN}verifier/", follow=True).content.decode()
    assert not FiscalIntegrityCheck.objects.exists()
    html = page(client, f"{CHAIN}1/")
    assert "Non vérifié" in html
    assert "Conforme" not in html


def test_verifying_is_a_post_by_who_may(tenant: Tenant, enter: Any) -> None:
    client = enter("auditeur")
    assert client.post(f"{CHAIN}verifier/").status_code == 403
    assert "Vérifier maintenant" not in page(client)
    assert enter("comptable").get(f"{CHAIN}verifier/").status_code == 405
    assert not FiscalIntegrityCheck.objects.exists()


@pytest.mark.parametrize("address", ["", "1/", "verifications/"])
def test_who_has_no_right_is_refused(tenant: Tenant, enter: Any, address: str) -> None:
    chain_links(tenant, 1)
    assert enter("caissier").get(f"{CHAIN}{address}").status_code == 403


def test_another_tenants_link_is_not_there(tenant: Tenant, autre_tenant: Tenant, enter: Any) -> None:
    chain_links(autre_tenant, 2)
    client = enter()
    assert client.get(f"{CHAIN}1/").status_code == 404
    assert client.get("/saint-luc/chaine/").status_code == 404
    assert "0 maillon" in page(client)


def test_a_red_chain_says_its_sentence_once_and_leads_to_pages_that_stand(tenant: Tenant, enter: Any) -> None:
    """The link that misses has no page; what to do is what docs/operations.md says."""
    chain_links(tenant, 2)
    missing, changed = (
        Anomaly(3, "", "older-than-anchor", "manque"),
        Anomaly(2, "", "anchor-differs", "n’est pas celle"),
    )
    for _time in range(2):
        failed_check(anomalies=(missing, changed))
    client = enter()
    check = FiscalIntegrityCheck.objects.latest("created_at", "pk")
    html = page(client)
    assert html.count("Maillon 3 : manque") == 1
    assert "2 vérifications ont échoué et attendent une réponse." in html
    assert "Cherchez d’abord une copie plus récente de la base." in html
    assert "appelez l’éditeur" not in html
    for shown in (html, page(client, f"{CHAIN}verifications/{check.pk}/")):
        assert 'href="/sainte-odile/chaine/3/"' not in shown
        assert 'href="/sainte-odile/chaine/2/">Maillon 2' in shown


def test_past_verifications_are_listed(tenant: Tenant, enter: Any) -> None:
    client = enter()
    assert "Aucune vérification" in page(client, f"{CHAIN}verifications/")
    chain_links(tenant, 2)
    check_chain(acteur=SYSTEM)
    html = page(client, f"{CHAIN}verifications/")
    assert "Système" in html
    assert "Conforme" in html


@pytest.mark.parametrize("address", ["", "2/", "verifications/"])
def test_a_page_costs_the_same_with_many_rows(tenant: Tenant, enter: Any, address: str) -> None:
    chain_links(tenant, 2)
    check_chain(acteur=SYSTEM)
    client = enter()
    page(client, f"{CHAIN}{address}")
    with CaptureQueriesContext(connection) as few:
        page(client, f"{CHAIN}{address}")
    chain_links(tenant, 50)
    for _time in range(5):
        check_chain(acteur=SYSTEM)
    with CaptureQueriesContext(connection) as many:
        page(client, f"{CHAIN}{address}")
    assert len(many) == len(few)


ADMIN = "/sainte-odile/admin/fiscal/"


@pytest.mark.parametrize("model", ["fiscalentry", "fiscalsequence", "fiscalkey", "fiscalintegritycheck"])
def test_the_administration_reads_its_own_chain_and_writes_nothing(
    tenant: Tenant, autre_tenant: Tenant, enter: Any, model: str
) -> None:
    (mine,), (theirs,) = chain_links(tenant, 1), chain_links(autre_tenant, 1)
    check_chain(acteur=SYSTEM)
    client = enter("administrateur")
    html = client.get(f"{ADMIN}{model}/").content.decode()
    (row,) = apps.get_model("fiscal", model).objects.all()
    assert f"{ADMIN}{model}/{row.pk}/change/" in html
    assert theirs.chain_hash not in html
    change = client.get(f"{ADMIN}{model}/{row.pk}/change/")
    assert change.status_code == 200
    assert 'name="_save"' not in change.content.decode()
    assert client.get(f"{ADMIN}{model}/add/").status_code == 403
    assert client.post(f"{ADMIN}{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert FiscalEntry.objects.get() == mine


def test_the_administration_finds_a_link_by_its_number(tenant: Tenant, enter: Any) -> None:
    chain_links(tenant, 3)
    html = enter("administrateur").get(f"{ADMIN}fiscalentry/", {"q": "2"}).content.decode()
    assert html.count("/change/") == 1


# What a person reads ------------------------------------------------------------------------------


def test_every_value_of_the_document_is_laid_out() -> None:
    nodes = layout({"total_ttc": "11500", "lines": [{"a_b": True}, {"c": None}], "empty": {}, "n": 3})
    assert nodes == (
        Node("total taxe comprise", "11500"),
        Node("lignes", children=(Node("1", children=(Node("a b", "oui"),)), Node("2", children=(Node("c", "—"),)))),
        Node("empty", "—"),
        Node("n", "3"),
    )
    assert label("mode_de_paiement") == "mode de paiement"


UNKNOWN_CURRENCY = b'{"tenant_name":"","actor_label":"","actor_role":"","fact":{"currency":"ZZZ"}}'


@pytest.mark.parametrize("raw", [UNKNOWN_CURRENCY, b"", b"\xff", b"{}", b"[]", b"null", b'{"fact": 3}', b"[" * 100_000])
def test_a_link_whose_bytes_are_unreadable_can_be_looked_at(raw: bytes) -> None:
    said = signed_data(FiscalEntry(data_canonical=raw, signature=b"\x00" * 64))
    assert (said.readable, said.lines, said.document) == (False, (), ())
