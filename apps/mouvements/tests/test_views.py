"""The screens of third parties' accounts, and their exports."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.facturation.tests.factories import line, make_invoice
from apps.mouvements.models import MouvementFinancier
from apps.mouvements.tests.factories import facturer, regler
from apps.organisations.tests.factories import make_tiers, make_user
from apps.socle import facts
from apps.socle.actors import takeover_actor
from apps.socle.facts import Trace
from apps.socle.scope import scope


@pytest.fixture
def get(client, tenant):
    client.force_login(make_user(tenant, "auditeur"))
    return lambda path="", **query: client.get(f"/{tenant.slug}/tiers/{path}", query)


def rows_of(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff"), "a spreadsheet needs the mark to read accents"
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_the_list_shows_balances_and_their_total(tenant, get):
    un, deux = make_tiers(tenant, nom="Mbarga"), make_tiers(tenant, nom="Éboa")
    facturer(tenant, un, 12500)
    facturer(tenant, deux, 500)
    response = get()
    assert [t.nom for t in response.context["page"]] == ["Éboa", "Mbarga"]
    assert "13\u202f000" in response.content.decode()
    assert [t.nom for t in get(tri="-solde").context["page"]] == ["Mbarga", "Éboa"]


def test_search_filters_and_says_when_nothing_is_found(tenant, get):
    make_tiers(tenant, nom="Ngo Bassong Élodie", code="PAT-00412")
    assert [t.code for t in get(q="elodie").context["page"]] == ["PAT-00412"]
    assert "Aucun tiers" in get(q="inconnu").content.decode()
    assert get(type="voleur").status_code == 200


def test_the_account_links_each_movement_to_its_document(tenant, get):
    tiers = make_tiers(tenant, nom="Mbarga")
    invoice = make_invoice(tenant, line(11500), tiers=tiers)
    regler(tenant, tiers, 10000, numero="QUIT-2026-00001", criteres={"moyen": "ESPECES"})
    response = get(f"{tiers.pk}/")
    text = response.content.decode()
    assert f"/factures/{invoice.pk}/" in text
    assert invoice.invoice_number in text
    assert "QUIT-2026-00001" in text
    assert "Partiellement payé" in text
    assert [x["m"].solde_apres for x in response.context["lignes"]] == [1500, 11500], "the latest first"
    assert "Nous doit" in text
    assert "1\u202f500\u00a0FCFA" in text
    assert "Espèces" in text


def test_whom_we_owe_is_said_without_a_minus(tenant, get):
    tiers = make_tiers(tenant)
    regler(tenant, tiers, 300, 200, criteres={"moyen": "TROC"})
    text = get(f"{tiers.pk}/").content.decode()
    assert "Nous lui devons</span><strong>500\u00a0FCFA" in text
    assert "TROC" in text
    facturer(tenant, tiers, 500)
    assert "Compte soldé" in get(f"{tiers.pk}/").content.decode()


def test_days_and_an_empty_account(tenant, get):
    tiers = make_tiers(tenant)
    assert "à zéro" in get(f"{tiers.pk}/").content.decode()
    facturer(tenant, tiers, 100, jour=date(2026, 10, 1), acteur=takeover_actor("octobre"))
    assert len(get(f"{tiers.pk}/", du="2026-10-01", au="2026-10-01").context["lignes"]) == 1
    assert "Aucun mouvement à ces dates" in get(f"{tiers.pk}/", du="2026-10-02", au="2026-10-05").content.decode()
    assert get(f"{tiers.pk}/", du="n’importe quoi").status_code == 200


def test_exports_hold_every_page_and_run_no_formula(tenant, get):
    danger = make_tiers(tenant, nom='=HYPERLINK("http://mal.example")', code="+237", telephone="-1")
    for _ in range(30):
        make_tiers(tenant)
    facturer(tenant, danger, 1000, numero="@SUM(A1)")
    regler(tenant, danger, 400, numero="Q;1")
    rows = rows_of(get(format="csv"))
    assert len(rows) == 1 + 31
    assert ["'+237", '\'=HYPERLINK("http://mal.example")', "Patient", "'-1", "600", "XAF"] in rows
    account = rows_of(get(f"{danger.pk}/", format="csv"))
    assert account[0][:4] == ["Date", "Type", "Pièce", "Motif"]
    assert [(r[2], r[5], r[6], r[7]) for r in account[1:]] == [
        ("'@SUM(A1)", "1000", "", "1000"),
        ("Q;1", "", "400", "600"),
    ]


def test_an_export_is_read_in_the_tenants_scope(tenant, autre_tenant, get):
    make_tiers(autre_tenant, nom="Voisin")
    make_tiers(tenant, nom="Mien")
    assert [r[1] for r in rows_of(get(format="csv"))[1:]] == ["Mien"]


def test_a_movement_leads_to_its_entry(tenant, get, monkeypatch):
    tiers = make_tiers(tenant)
    mouvement = MouvementFinancier.objects.get(fait_id=facturer(tenant, tiers, 100).id)
    path = f"mouvements/{mouvement.pk}/ecriture/"
    assert path in get(f"{tiers.pk}/").content.decode()

    def two_entries(fait_id):
        assert fait_id == mouvement.fait_id
        return [Trace("Écriture", label, f"/{label.lower()}/", "comptabilite.view_ecriture") for label in ("VT", "CA")]

    monkeypatch.setitem(facts._traces, "comptabilite", two_entries)
    assert get(path)["Location"] == "/vt/"
    monkeypatch.setitem(facts._traces, "comptabilite", lambda fait_id: [])
    assert get(path).status_code == 404


def test_another_tenants_movement_leads_nowhere(autre_tenant, get):
    fait = facturer(autre_tenant, make_tiers(autre_tenant), 100)
    with scope(autre_tenant.id):
        mouvement = MouvementFinancier.objects.get(fait_id=fait.id)
    assert get(f"mouvements/{mouvement.pk}/ecriture/").status_code == 404


def test_only_who_may_export_exports(client, tenant):
    tiers = make_tiers(tenant)
    client.force_login(make_user(tenant, "caissier"))
    assert "format=csv" not in client.get(f"/{tenant.slug}/tiers/").content.decode()
    for path in ("", f"{tiers.pk}/"):
        assert client.get(f"/{tenant.slug}/tiers/{path}", {"format": "csv"}).status_code == 403
        assert client.get(f"/{tenant.slug}/tiers/{path}").status_code == 200


def test_who_sees_no_money_sees_no_account(client, tenant):
    client.force_login(make_user(tenant, "medecin"))
    assert client.get(f"/{tenant.slug}/tiers/").status_code == 403
    assert client.get(f"/{tenant.slug}/tiers/{make_tiers(tenant).pk}/").status_code == 403


def test_another_tenants_account_is_not_found(autre_tenant, get):
    assert get(f"{make_tiers(autre_tenant).pk}/").status_code == 404


def test_fifty_rows_cost_no_more_queries_than_one(tenant, get):
    un, cinquante = make_tiers(tenant), make_tiers(tenant)
    facturer(tenant, un, 100)
    for n in range(25):
        make_invoice(tenant, line(100 + n), tiers=cinquante)
    counts = {}
    get()
    for name, path, query in (
        ("list 1", "", {"q": un.code}),
        ("list all", "", {}),
        ("one", f"{un.pk}/", {}),
        ("many", f"{cinquante.pk}/", {}),
    ):
        with CaptureQueriesContext(connection) as captured:
            get(path, **query)
        counts[name] = len(captured)
    assert counts["list 1"] == counts["list all"]
    assert counts["one"] == counts["many"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "31/12/9999"])
@pytest.mark.parametrize("end", ["du", "au"])
def test_the_ends_of_the_calendar_filter_nothing(tenant, get, end, day):
    """A zone cannot be added to the last day that Python knows."""
    tiers = make_tiers(tenant)
    make_invoice(tenant, line(11500), tiers=tiers)
    response = get(f"{tiers.pk}/", **{end: day})
    assert response.status_code == 200
    assert len(response.context["lignes"]) == 1
