"""The same request twice does its work once."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connections

from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM, Acteur, ActorKind, takeover_actor
from apps.socle.errors import BusinessError, Conflict
from apps.socle.fields import uuid7
from apps.socle.idempotency import Outcome, RequestInProgress, body_digest, run_once
from apps.socle.models import IdempotencyKey
from apps.socle.scope import ScopeMissing, scope

pytestmark = pytest.mark.database


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.done: list[uuid.UUID] = []

    def __call__(self) -> uuid.UUID:
        self.done.append(uuid7())
        return self.done[-1]


def ask(work, *, key: str = "k1", route: str = "caisse:encaisser", acteur: Acteur = SYSTEM, body=None, **values):
    return run_once(
        key=key,
        route=route,
        acteur=acteur,
        body={"montant": "11500"} if body is None else body,
        function=work,
        **values,
    )


def test_the_second_request_gets_the_first_ones_result(tenant):
    work = Work()
    first = ask(work)
    assert (first.replayed, len(work.done)) == (False, 1)
    assert ask(work) == Outcome(first.result_id, replayed=True)
    assert len(work.done) == 1


def test_the_result_is_kept_by_its_id_alone(tenant):
    """It is read again under current rights; the answer itself, with a patient's name, is not kept."""
    ask(Work(), body={"patient": "Mbarga", "montant": "11500"})
    row = IdempotencyKey.objects.get()
    assert "Mbarga" not in str({name: getattr(row, name) for name in ("principal", "route", "key", "body_hash")})
    assert row.body_hash == body_digest({"montant": "11500", "patient": "Mbarga"}), "whatever the order of the fields"


def test_the_same_key_with_another_body_is_refused(tenant):
    work = Work()
    ask(work)
    with pytest.raises(Conflict) as refusal:
        ask(work, body={"montant": "9000"})
    assert (refusal.value.code, refusal.value.status) == ("idempotency-key-reused", 409)
    assert len(work.done) == 1


def test_a_refusal_is_not_stored_and_the_key_may_try_again(tenant):
    def refuse() -> uuid.UUID:
        raise BusinessError("Il manque 700 FCFA.", code="short")

    with pytest.raises(BusinessError):
        ask(refuse)
    assert not IdempotencyKey.objects.exists()
    assert ask(Work()).replayed is False


def test_principals_and_routes_do_not_share_keys(tenant):
    work = Work()
    amina, jean = make_acteur(tenant), make_acteur(tenant)
    long_name = "Caisse de papier de l’annexe de Bonabéri, registre numéro 12, feuille "
    asked = [
        {"acteur": SYSTEM},
        {"acteur": amina},
        {"acteur": jean},
        {"acteur": jean, "route": "caisse:facturer"},
        {"acteur": takeover_actor(long_name + "1")},
        {"acteur": takeover_actor(long_name + "2")},
        {"acteur": Acteur(ActorKind.PARTNER, amina.id, "Partenaire")},
    ]
    assert [ask(work, **values).replayed for values in asked] == [False] * len(asked)
    assert [ask(work, **values).replayed for values in asked] == [True] * len(asked)


def test_a_key_of_another_tenant_is_another_key(tenant, autre_tenant):
    work = Work()
    ask(work)
    with scope(autre_tenant.id):
        assert ask(work).replayed is False


def test_a_key_needs_a_scope(db):
    with pytest.raises(ScopeMissing):
        ask(Work())


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b", "a\nb"])
def test_a_key_that_is_none_is_refused(tenant, key):
    with pytest.raises(BusinessError) as refusal:
        ask(Work(), key=key)
    assert refusal.value.code == "idempotency-key-invalid"


def test_a_key_may_be_long(tenant):
    assert ask(Work(), key="é" * 255).replayed is False


# At once -------------------------------------------------------------------------------


def at_once(tenant_id, number: int, wait: bool) -> tuple[list, list, int]:
    """Ask `number` times at once for work that makes a row; return outcomes, refusals and rows made."""
    outcomes, refusals = [], []
    everyone = threading.Barrier(number)
    all_asked = threading.Event()

    def work() -> uuid.UUID:
        if not wait:
            all_asked.wait(timeout=10)
        return Tiers.objects.create(code=uuid7().hex[-12:], nom="fait", type="patient").pk

    def one() -> None:
        try:
            everyone.wait(timeout=10)
            with scope(tenant_id):
                outcomes.append(ask(work, wait=wait))
        except RequestInProgress as refusal:
            refusals.append(refusal)
            if len(refusals) == number - 1:
                all_asked.set()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with scope(tenant_id):
        return outcomes, refusals, Tiers.objects.count()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_one_works_and_seven_are_told_to_come_back(committed_tenant):
    outcomes, refusals, made = at_once(committed_tenant.id, 8, wait=False)
    assert ([o.replayed for o in outcomes], len(refusals), made) == ([False], 7, 1)
    assert {(r.status, r.code, r.retry_after) for r in refusals} == {(409, "request-in-progress", 1)}
    with scope(committed_tenant.id):
        assert ask(Work()) == Outcome(outcomes[0].result_id, replayed=True)


@pytest.mark.django_db(transaction=True)
def test_eight_screens_at_once_wait_and_see_one_result(committed_tenant):
    outcomes, refusals, made = at_once(committed_tenant.id, 8, wait=True)
    assert (sorted(o.replayed for o in outcomes), refusals, made) == ([False] + [True] * 7, [], 1)
    assert len({o.result_id for o in outcomes}) == 1
