"""The closings' screens: the list, the page of a period to be closed, one closing, the hour."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.fiscal import preclosing, tasks
from apps.fiscal.models import FiscalClosing
from apps.fiscal.preclosing import Unfinished
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.factories import CASHIER, FIRST_DAY, Clock, chain_links, close, failed_check
from apps.fiscal.tests.history import declare_sales, sell
from apps.fiscal.views import closings as views
from apps.organisations.models import Tenant, User
from apps.organisations.tests.factories import make_user
from apps.socle.actors import SYSTEM
from apps.socle.models import AuditTrail
from tests.front.support import assert_house_page

LIST = "/sainte-odile/chaine/clotures/"
DAY = timedelta(days=1)
TYPED = {"confirmation": "28/11/2026"}


def sheet(day: date = FIRST_DAY, kind: str = "jour") -> str:
    return f"{LIST}{kind}/{day.isoformat()}/"


@pytest.fixture
def enter(house: Tenant, client: Client, settings: LazySettings) -> Any:
    """`enter("comptable")` signs the member of that role in, as of the clock, and returns the client."""
    settings.SECOND_FACTOR = "optional"
    members: dict[str, User] = {}

    def sign_in(role: str = "comptable") -> Client:
        if role not in members:
            members[role] = make_user(house, role, first_name="Rose", last_name="Tchoumi")
        client.force_login(members[role])
        return client

    return sign_in


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two things that are not finished, whatever the day."""
    items = [Unfinished("x", "Écritures à valider", 3, "/sainte-odile/quelque-part/"), Unfinished("y", "Rien", 0)]
    monkeypatch.setattr(preclosing, "_checks", {"essai": lambda tenant, start, end: items})


def page(client: Client, address: str = LIST, status: int = 200, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == status
    html = answer.content.decode()
    assert_house_page(html)
    return html


# A period to be closed -----------------------------------------------------------------------------


def test_the_page_lists_what_is_unfinished_with_its_link_and_still_lets_close(
    house: Tenant, enter: Any, waiting: None
) -> None:
    chain_links(house, 3)
    html = page(enter(), sheet())
    assert "Clôture : journée du 28/11/2026" in html
    assert "3 maillons, 1 à 3" in html
    assert "Écritures à valider <b>3</b>" in html
    assert 'href="/sainte-odile/quelque-part/"' in html
    assert "La chaîne est vérifiée au moment de clôturer." in html
    assert "<fieldset>" in html
    assert "Total facturé, taxe comprise" in html


def test_typing_the_day_closes_it_and_shows_its_hash(house: Tenant, enter: Any, waiting: None) -> None:
    chain_links(house, 2)
    client = enter()
    answer = client.post(sheet(), TYPED)
    closing = FiscalClosing.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"{LIST}{closing.pk}/")
    html = page(client, answer["Location"])
    assert "Clôture faite : journée du 28/11/2026." in html
    assert closing.closing_hash in html
    assert closing.merkle_root in html
    assert "Écritures à valider" in html
    assert 'class="etat payee"' in html
    assert (closing.actor_label, closing.actor_type) == ("Rose Tchoumi", "user")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("27/11/2026", "Vous avez tapé le 27/11/2026 ; c’est le 28/11/2026 qui est à clôturer."),
        ("", "obligatoire"),
        ("demain", "Écrivez la date comme 20/11/2026."),
    ],
)
def test_without_the_day_typed_nothing_is_closed(house: Tenant, enter: Any, typed: str, said: str) -> None:
    answer = enter().post(sheet(), {"confirmation": typed})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert f'value="{typed}"' in html if typed else True
    assert not FiscalClosing.objects.exists()


def test_the_second_click_and_the_second_person_read_who_was_quicker(house: Tenant, enter: Any, clock: Clock) -> None:
    clock(FIRST_DAY, hour=17, minute=4)
    close(FIRST_DAY, acteur=CASHIER)
    client = enter()
    answer = client.post(sheet(), TYPED)
    assert answer.status_code == 303
    assert "journée du 28/11/2026 : clôture déjà faite par Amina Mbarga, aujourd’hui, 18:04." in page(
        client, answer["Location"]
    )
    assert FiscalClosing.objects.count() == 1
    assert client.get(sheet()).status_code == 303, "the page of a closed day is its closing"


def test_somebody_closes_between_the_page_and_the_lock(
    house: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check before the lock saw nothing; under the lock the closing stands."""
    client = enter()
    real = views.close_period

    def beaten(**values: Any) -> Any:
        close(FIRST_DAY, acteur=CASHIER)
        return real(**values)

    monkeypatch.setattr(views, "close_period", beaten)
    answer = client.post(sheet(), TYPED)
    assert "clôture déjà faite par Amina Mbarga" in page(client, answer["Location"])


def test_a_day_out_of_order_is_refused_with_a_link_to_the_first(house: Tenant, enter: Any, clock: Clock) -> None:
    clock(FIRST_DAY + 2 * DAY)
    client = enter()
    html = page(client, sheet(FIRST_DAY + DAY))
    assert "Clôture impossible pour l’instant" in html
    assert f'<a href="{sheet()}">À clôturer d’abord : journée du 28/11/2026.</a>' in html
    assert "<fieldset disabled>" in html
    answer = client.post(sheet(FIRST_DAY + DAY), {"confirmation": "29/11/2026"})
    assert answer.status_code == 422
    assert "À clôturer d’abord" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (sheet(FIRST_DAY + 5 * DAY), "Ce n’est pas commencé : journée du 03/12/2026."),
        (sheet(FIRST_DAY, "mois"), "Ce n’est pas fini : mois 11/2026."),
        (sheet(FIRST_DAY, "annee"), "Ce n’est pas fini : année 2026."),
        (sheet(date(2020, 1, 1)), "La chaîne de cet établissement commence le 28/11/2026."),
    ],
)
def test_what_the_calendar_forbids_is_said_on_the_page(enter: Any, address: str, said: str) -> None:
    assert said in page(enter(), address)


def test_a_page_says_whether_its_period_has_begun(enter: Any) -> None:
    client = enter()
    for address, word, label in (
        (sheet(), "À clôturer", "Pour confirmer, tapez le jour à clôturer"),
        (sheet(FIRST_DAY + 5 * DAY), "Pas encore commencée", "Pour confirmer, tapez le jour à clôturer"),
        (sheet(FIRST_DAY, "mois"), "Pas encore finie", "Pour confirmer, tapez le dernier jour à clôturer"),
    ):
        html = page(client, address)
        assert label in html
        (state,) = re.findall(r'<span class="etat [^"]*">(?:<[^>]*>)*([^<]+)', html)[:1]
        assert state.strip() == word


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "9999-12-31"])
def test_days_that_are_none(enter: Any, day: str) -> None:
    client = enter()
    for kind in ("jour", "mois", "annee"):
        assert client.get(f"{LIST}{kind}/{day}/").status_code in {200, 404}
    assert client.get(f"{LIST}semaine/2026-11-28/").status_code == 404


def test_a_chain_that_was_found_broken_is_shown_and_forbids(house: Tenant, enter: Any) -> None:
    failed_check()
    html = page(enter(), sheet())
    assert "La dernière vérification a trouvé la chaîne rompue" in html
    assert "<fieldset disabled>" in html


def test_a_chain_that_proves_broken_while_closing_is_said_beside_the_form(
    house: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain_links(house, 2)
    client = enter()
    monkeypatch.setattr("apps.fiscal.crypto.signature_holds", lambda *_values: False)
    answer = client.post(sheet(), TYPED)
    assert answer.status_code == 422
    assert "La chaîne est rompue, aucune clôture n’est possible. Maillon 1" in answer.content.decode()
    assert not FiscalClosing.objects.exists()


def test_without_the_secret_nothing_is_closed(
    house: Tenant, enter: Any, settings: LazySettings, tmp_path: Path
) -> None:
    client = enter()
    made = close(FIRST_DAY).closing
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    assert "Non vérifiée" in page(client, f"{LIST}{made.pk}/")


def test_without_the_secret_the_page_says_so(house: Tenant, enter: Any, settings: LazySettings, tmp_path: Path) -> None:
    client = enter()
    settings.MASTER_SECRET_FILE = tmp_path / "absent"
    answer = client.post(sheet(), TYPED)
    assert answer.status_code == 422
    assert "le secret des clés de signature n’est pas lisible" in answer.content.decode()


def test_a_month_is_closed_by_its_page(house: Tenant, enter: Any, clock: Clock) -> None:
    clock(date(2026, 11, 30), hour=18)
    for number in range(3):
        close(FIRST_DAY + number * DAY)
    client = enter()
    html = page(client)
    assert f'href="{sheet(date(2026, 11, 30), "mois")}"' in html
    assert "Sceller la période" in page(client, sheet(date(2026, 11, 15), "mois"))
    answer = client.post(sheet(date(2026, 11, 15), "mois"), {"confirmation": "30/11/2026"})
    assert "CLO-2026-11" in page(client, answer["Location"])


def test_a_very_long_day_is_left_to_a_worker(
    house: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    chain_links(house, 3)
    client, asked = enter(), []
    monkeypatch.setattr(views, "AT_ONCE", 2)
    monkeypatch.setattr(tasks.close_one_period, "delay", lambda *values: asked.append(values))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(sheet(), TYPED)
    assert (answer.status_code, answer["Location"]) == (303, LIST)
    assert "La clôture est lancée : journée du 28/11/2026." in page(client)
    assert asked[0][:3] == (str(house.pk), "daily", "2026-11-28")
    assert tasks.close_one_period(*asked[0]) is True
    assert FiscalClosing.objects.get().actor_label == "Rose Tchoumi"
    assert tasks.close_one_period(*asked[0]) is False


def test_the_worker_logs_what_is_refused(house: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    values = [str(house.pk), "daily", "2026-11-29", str(CASHIER.id), "Amina Mbarga", "comptable"]
    assert tasks.close_one_period(*values) is False
    assert "À clôturer d’abord" in caplog.text or "pas commencé" in caplog.text


# The list, one closing, the hour -------------------------------------------------------------------


def test_the_list_shows_closings_latest_first_and_what_is_next(house: Tenant, enter: Any, clock: Clock) -> None:
    assert "Aucune clôture" in page(enter())
    first = close(FIRST_DAY).closing
    clock(FIRST_DAY + DAY)
    second = close(FIRST_DAY + DAY).closing
    clock(FIRST_DAY + 2 * DAY)
    client = enter()
    html = page(client)
    places = [html.index(f'<a class="ref" href="{LIST}{made.pk}/"') for made in (second, first)]
    assert places == sorted(places)
    assert f'href="{sheet(FIRST_DAY + 2 * DAY)}"' in html
    assert "Facturé par jour clôturé" in html
    assert "CLO-2026-11-28" not in page(client, periodicite="mois")
    assert "CLO-2026-11-28" in page(client, periodicite="jour")


def test_what_is_left_to_finish_does_not_read_as_not_closed(house: Tenant, enter: Any, waiting: None) -> None:
    made = close(FIRST_DAY).closing
    client = enter()
    assert "Jour, close, avec des éléments à terminer" in page(client)
    html = page(client, f"{LIST}{made.pk}/")
    assert "Éléments à terminer" in html
    assert "la clôture est faite" in html
    assert "nachev" not in html


@pytest.mark.urls("config.urls_staff")
def test_the_chart_begins_with_the_first_day_of_sales(
    house: Tenant, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare_sales(monkeypatch)
    for number in range(4):
        clock(FIRST_DAY + number * DAY)
        if number == 2:
            sell(tenant=house, number=1, acteur=CASHIER)
        close(FIRST_DAY + number * DAY)
    assert [bar.label for bar in views._bars("XAF")] == ["30", "01"]


def test_who_only_reads_sees_no_button(house: Tenant, enter: Any) -> None:
    client = enter("auditeur")
    html = page(client)
    assert sheet() not in html
    assert "À clôturer : journée du 28/11/2026" in html
    assert "à partir de 1 h" in html
    assert client.get(sheet()).status_code == 403
    assert client.post(sheet(), TYPED).status_code == 403


def test_a_closing_that_was_changed_is_red(house: Tenant, enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = close(FIRST_DAY).closing
    monkeypatch.setattr("apps.fiscal.crypto.signature_holds", lambda *_values: False)
    html = page(enter(), f"{LIST}{made.pk}/")
    assert "Cette clôture n’est plus ce qui a été signé." in html
    assert "Total facturé" not in html, "its figures may be anything"
    assert made.merkle_root in html


def test_the_closings_link_leads_to_it_and_speaks_words(house: Tenant, enter: Any) -> None:
    made = close(FIRST_DAY).closing
    html = page(enter(), "/sainte-odile/chaine/1/")
    assert f'href="{LIST}{made.pk}/">CLO-2026-11-28</a>' in html
    assert "Clôture faite" in html
    assert "empreinte de la clôture" in html
    assert "Jour" in html


def test_the_home_page_says_what_is_to_be_closed(house: Tenant, enter: Any) -> None:
    client = enter()
    assert f'href="{sheet()}">journée du 28/11/2026</a>' in page(client, "/sainte-odile/")
    close(FIRST_DAY)
    html = page(client, "/sainte-odile/")
    assert "28/11/2026</a>" in html
    assert "par Amina Mbarga" in html


def test_the_hour_is_chosen_and_traced(house: Tenant, enter: Any) -> None:
    client = enter()
    assert client.post(f"{LIST}heure/", {"hour": "4"}).status_code == 303
    house.refresh_from_db()
    assert house.closing_hour == 4
    assert AuditTrail.objects.get(action="closing_hour_set").new_values == {"closing_hour": 4}
    client.post(f"{LIST}heure/", {"hour": "4"})
    client.post(f"{LIST}heure/", {"hour": "24"})
    house.refresh_from_db()
    assert house.closing_hour == 4
    assert AuditTrail.objects.filter(action="closing_hour_set").count() == 1


def test_one_closing_and_many_cost_the_same_questions(house: Tenant, enter: Any, clock: Clock) -> None:
    client = enter()
    check_chain(acteur=SYSTEM)
    close(FIRST_DAY)
    page(client)
    with CaptureQueriesContext(connection) as one:
        page(client)
    clock(FIRST_DAY + 9 * DAY)
    for number in range(1, 8):
        close(FIRST_DAY + number * DAY)
    enter()
    page(client)
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) <= len(one) + 1, "a month became due"
