"""A failed verification stays red until a person answers it with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client

from apps.fiscal import health
from apps.fiscal.models import FiscalIntegrityAnswer, FiscalIntegrityCheck
from apps.fiscal.selectors import unanswered_failures
from apps.fiscal.services.answer_failure import answer_failure
from apps.fiscal.services.check_chain import check_chain
from apps.fiscal.tests.factories import CASHIER, chain_links, failed_check
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tenant, make_user
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.clock import now
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.fields import uuid7
from apps.socle.models import AuditTrail
from apps.socle.scope import scope
from tests.front.support import assert_house_page
from tests.support.database import connect_as

pytestmark = pytest.mark.database
CHAIN = "/sainte-odile/chaine/"
KEEPER = Acteur(ActorKind.USER, uuid7(), "Paul Essomba", role="comptable")


@pytest.fixture
def enter(tenant: Tenant, client: Client, settings: LazySettings) -> Callable[..., Client]:
    settings.SECOND_FACTOR = "optional"

    def sign_in(role: str = "comptable") -> Client:
        client.force_login(make_user(tenant, role))
        return client

    return sign_in


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    html = answer.content.decode()
    assert_house_page(html)
    return html


# The rule ------------------------------------------------------------------------------------------


def test_a_later_success_does_not_turn_a_failure_green(tenant: Tenant) -> None:
    failure = failed_check()
    assert check_chain(acteur=SYSTEM).holds
    assert list(unanswered_failures()) == [failure]


def test_an_answer_ends_the_alarm_and_the_next_failure_begins_another(tenant: Tenant) -> None:
    (answer,) = answer_failure(check_id=failed_check().pk, reason="  Essai du secret de secours.  ", acteur=KEEPER)
    assert (answer.reason, answer.actor_id, answer.actor_label) == (
        "Essai du secret de secours.",
        KEEPER.id,
        KEEPER.label,
    )
    assert not unanswered_failures().exists()
    again = failed_check()
    assert list(unanswered_failures()) == [again]


def test_one_answer_stands_for_the_nights_before_and_not_for_the_next(tenant: Tenant) -> None:
    _first, read, after = failed_check(), failed_check(), failed_check()
    made = answer_failure(check_id=read.pk, reason="Vu.", acteur=KEEPER)
    assert len(made) == 2
    assert {answer.reason for answer in made} == {"Vu."}
    assert list(unanswered_failures()) == [after]


def test_who_answered_and_why_is_in_the_trail(tenant: Tenant) -> None:
    failure = failed_check()
    answer_failure(check_id=failure.pk, reason="Base de recette restaurée.", acteur=KEEPER)
    trace = AuditTrail.objects.get(action="answered")
    assert (trace.model_id, trace.user_id, trace.reason) == (failure.pk, KEEPER.id, "Base de recette restaurée.")


@pytest.mark.parametrize("reason", ["", " \n\t "])
def test_without_a_reason_there_is_no_answer(tenant: Tenant, reason: str) -> None:
    with pytest.raises(BusinessError) as caught:
        answer_failure(check_id=failed_check().pk, reason=reason, acteur=KEEPER)
    assert (caught.value.code, caught.value.field) == ("reason-required", "reason")
    assert unanswered_failures().exists()


def test_the_system_does_not_answer_itself(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed):
        answer_failure(check_id=failed_check().pk, reason="Automatique.", acteur=SYSTEM)


def test_the_second_who_answers_reads_who_was_first(tenant: Tenant) -> None:
    failure = failed_check()
    answer_failure(check_id=failure.pk, reason="Vu.", acteur=KEEPER)
    with pytest.raises(Conflict, match="Paul Essomba a déjà répondu"):
        answer_failure(check_id=failure.pk, reason="Moi aussi.", acteur=CASHIER)


def test_what_held_needs_no_answer(tenant: Tenant) -> None:
    check = check_chain(acteur=SYSTEM)
    with pytest.raises(BusinessError, match="n’a pas échoué"):
        answer_failure(check_id=check.pk, reason="Pour rien.", acteur=KEEPER)


def test_another_tenants_failure_is_not_there(tenant: Tenant, autre_tenant: Tenant) -> None:
    with scope(autre_tenant.pk):
        failure = failed_check()
    with pytest.raises(FiscalIntegrityCheck.DoesNotExist):
        answer_failure(check_id=failure.pk, reason="Vu.", acteur=KEEPER)


def test_the_database_refuses_an_answer_to_a_success_and_one_without_reason(tenant: Tenant) -> None:
    good, bad = check_chain(acteur=SYSTEM), failed_check()
    for failure, reason, code in ((good, "Vu.", "fiscal_answer_failed"), (bad, "  ", "fiscal_answer_reason")):
        with pytest.raises(Exception, match=code), transaction.atomic():
            FiscalIntegrityAnswer.objects.create(
                failure=failure, reason=reason, actor_id=KEEPER.id, actor_label=KEEPER.label, actor_role=KEEPER.role
            )


def test_nobody_takes_an_answer_back(committed_tenant: Tenant) -> None:
    with scope(committed_tenant.pk):
        answer_failure(check_id=failed_check().pk, reason="Vu.", acteur=KEEPER)
    for statement in ("update {} set reason = 'Autre.'", "delete from {}"):
        with connect_as("owner", autocommit=False) as owner:
            owner.execute("select set_config('cauris.tenant', %s, true)", [str(committed_tenant.pk)])
            with pytest.raises(psycopg.errors.CheckViolation):
                owner.execute(statement.format("fiscal_fiscalintegrityanswer"))


# Screens -------------------------------------------------------------------------------------------


def test_red_is_on_every_page_until_answered(tenant: Tenant, enter: Callable[..., Client]) -> None:
    failure, client = failed_check(), enter()
    assert check_chain(acteur=SYSTEM).holds
    for address in ("/sainte-odile/", CHAIN, "/sainte-odile/comptabilite/balance/"):
        html = page(client, address)
        assert 'class="session alarme"' in html
        assert "<b>Vérification en échec</b>sans réponse" in html
    assert "a échoué et attend une réponse" in page(client, "/sainte-odile/")
    assert f'href="{CHAIN}verifications/{failure.pk}/"' in page(client, CHAIN)
    answer_failure(check_id=failure.pk, reason="Vu.", acteur=KEEPER)
    for address in ("/sainte-odile/", CHAIN):
        html = page(client, address)
        assert "alarme" not in html
        assert "attend une réponse" not in html


def test_who_does_not_read_the_chain_is_not_alarmed(tenant: Tenant, enter: Callable[..., Client]) -> None:
    failed_check()
    assert "alarme" not in page(enter("medecin"), "/sainte-odile/")


def test_a_person_answers_on_screen(tenant: Tenant, enter: Callable[..., Client]) -> None:
    failed_check()
    failure, client = failed_check(), enter()
    address = f"{CHAIN}verifications/{failure.pk}/"
    html = page(client, address)
    assert "La clé publique « k2 » n’est pas la bonne." in html
    assert "la vérification en échec qui précède" in html
    empty = client.post(f"{address}repondre/", {"reason": "  "})
    assert empty.status_code == 422
    assert not FiscalIntegrityAnswer.objects.exists()
    done = client.post(f"{address}repondre/", {"reason": "Clé remise en place."}, follow=True)
    assert done.redirect_chain == [(CHAIN, 303)]
    assert "Réponse enregistrée pour 2 vérifications." in done.content.decode()
    html = page(client, address)
    assert "Clé remise en place." in html
    assert 'name="reason"' not in html
    assert "répondue par" in page(client, f"{CHAIN}verifications/")
    late = client.post(f"{address}repondre/", {"reason": "Encore."})
    assert late.status_code == 422
    assert FiscalIntegrityAnswer.objects.count() == 2


def test_an_auditor_reads_and_does_not_answer(tenant: Tenant, enter: Callable[..., Client]) -> None:
    failure, client = failed_check(), enter("auditeur")
    address = f"{CHAIN}verifications/{failure.pk}/"
    html = page(client, address)
    assert "attend la réponse d’un comptable" in html
    assert 'name="reason"' not in html
    assert client.post(f"{address}repondre/", {"reason": "Vu."}).status_code == 403


def test_a_check_that_held_has_its_page(tenant: Tenant, enter: Callable[..., Client]) -> None:
    chain_links(tenant, 2)
    check = check_chain(acteur=SYSTEM)
    html = page(enter(), f"{CHAIN}verifications/{check.pk}/")
    assert check.head_hash in html
    assert 'name="reason"' not in html


def test_another_houses_check_is_404(tenant: Tenant, autre_tenant: Tenant, enter: Callable[..., Client]) -> None:
    with scope(autre_tenant.pk):
        failure = failed_check()
    client = enter()
    assert client.get(f"{CHAIN}verifications/{failure.pk}/").status_code == 404
    assert client.post(f"{CHAIN}verifications/{failure.pk}/repondre/", {"reason": "Vu."}).status_code == 404


# Monitoring ----------------------------------------------------------------------------------------


def ready(client: Client) -> tuple[int, dict[str, Any], str]:
    answer = client.get("/sante/pret/")
    return answer.status_code, answer.json(), answer.content.decode()


def test_health_says_that_a_chain_is_red_and_names_none(committed_tenant: Tenant, client: Client) -> None:
    make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    assert ready(client)[1]["chaines"] == "ok"
    with scope(committed_tenant.pk):
        failure = failed_check()
    status, said, text = ready(client)
    assert (status, said["etat"], said["chaines"]) == (200, "ok", "en défaut")
    assert "odile" not in text.lower()
    with scope(committed_tenant.pk):
        answer_failure(check_id=failure.pk, reason="Vu.", acteur=KEEPER)
    assert ready(client)[1]["chaines"] == "ok"


def test_the_overview_counts_red_chains_and_says_when_they_were_verified(
    committed_tenant: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overview() -> tuple[str, dict[str, Any]]:
        answer = client.get("/sante/")
        assert answer.status_code == 200, "a red chain stops no process, and sends nobody elsewhere"
        text = answer.content.decode().lower()
        assert [name for name in ("odile", "luc", str(committed_tenant.pk)) if name in text] == []
        return answer.json()["etat"], answer.json()["chaines"]

    other = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    assert overview()[1]["derniere_verification"] is None
    with scope(committed_tenant.pk):
        failure = failed_check()
    failed_at = f"{failure.created_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    state, said = overview()
    assert (state, said["etat"], said["en_defaut"], said["en_retard"]) == ("en défaut", "en défaut", 1, 0)
    assert (said["derniere_verification"], said["toutes_verifiees_depuis"]) == (failed_at, None), "one never was"
    later = now() + timedelta(hours=3)
    with scope(other.pk), monkeypatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: later)
        failed_check()
    said = overview()[1]
    assert said["en_defaut"] == 2
    assert (said["derniere_verification"], said["toutes_verifiees_depuis"]) == (f"{later:%Y-%m-%dT%H:%MZ}", failed_at)
    for tenant, left in ((committed_tenant, 1), (other, 0)):
        with scope(tenant.pk):
            answer_failure(check_id=unanswered_failures().get().pk, reason="Vu.", acteur=KEEPER)
        assert overview()[1]["en_defaut"] == left
    monkeypatch.setattr(health, "LATE", timedelta(0))
    state, said = overview()
    assert (state, said["etat"], said["en_retard"]) == ("en retard", "en retard", 1)


def test_a_night_without_verification_is_late(
    committed_tenant: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LATE", timedelta(0))
    assert ready(client)[1]["chaines"] == "en retard"
    monkeypatch.setattr(health, "LATE", timedelta(hours=1))
    assert ready(client)[1]["chaines"] == "ok"
    with scope(committed_tenant.pk):
        check = check_chain(acteur=SYSTEM)
    assert now() - check.created_at < timedelta(hours=1)


def test_asking_for_the_state_of_all_leaves_the_scope_as_it_was(tenant: Tenant) -> None:
    failed_check()
    assert health.chains_state() == "en défaut"
    assert FiscalIntegrityCheck.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('cauris.tenant')")
        assert cursor.fetchone() == (str(tenant.pk),)


def test_a_state_that_cannot_be_read_is_no_good_news(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LATE", "no interval")
    status, said, _text = ready(client)
    assert (status, said["chaines"]) == (200, "en défaut")
