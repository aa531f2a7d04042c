"""Patients' numbers follow each other, never collide with those of paper files, and queue at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.hospital.models import Patient
from apps.hospital.services import enregistrer_patient
from apps.hospital.tests.factories import make_patient
from apps.socle.actors import SYSTEM, takeover_actor
from apps.socle.errors import BusinessError
from apps.socle.models import Counter
from apps.socle.scope import scope

REPRISE = takeover_actor("fichier papier")


def _compteur() -> int:
    return Counter.objects.filter(kind="PAT").values_list("last", flat=True).first() or 0


def test_numbers_follow_each_other_in_each_tenant(tenant, autre_tenant):
    assert [make_patient(tenant).numero for _ in range(3)] == ["PAT-00001", "PAT-00002", "PAT-00003"]
    assert make_patient(autre_tenant).numero == "PAT-00001"


def test_after_a_takeover_in_any_order_numbers_go_on(tenant):
    for numero in ("PAT-00003", "pat-1", "PAT-00002", "PAT 5", "DOS/2019/77"):
        enregistrer_patient(nom="Fotso", numero=numero, acteur=REPRISE)
    assert _compteur() == 3, "the takeover itself moved the counter past what follows it"
    assert [make_patient(tenant).numero for _ in range(3)] == ["PAT-00004", "PAT-00006", "PAT-00007"]


def test_a_far_number_costs_nothing(tenant):
    enregistrer_patient(nom="Fotso", numero="PAT-999999999999999", acteur=REPRISE)
    with CaptureQueriesContext(connection) as queries:
        assert make_patient(tenant).numero == "PAT-00001"
    assert len(queries) < 40


def test_a_number_is_given_once(tenant):
    make_patient(tenant)
    for numero in ("PAT-00001", "PAT-1", "pat 0001"):
        with pytest.raises(BusinessError) as refus:
            enregistrer_patient(nom="Fotso", numero=numero, acteur=REPRISE)
        assert (refus.value.code, refus.value.field) == ("patient-number-taken", "numero")


@pytest.mark.parametrize("numero", ["PAT-0", "PAT-00000", "---", " ", "A" * 21])
def test_not_a_number(tenant, numero):
    with pytest.raises(BusinessError) as refus:
        enregistrer_patient(nom="Fotso", numero=numero, acteur=REPRISE)
    assert refus.value.field == "numero"


def test_a_refusal_gives_the_number_back(tenant):
    with pytest.raises(BusinessError):
        make_patient(tenant, telephone="?")
    with transaction.atomic():
        make_patient(tenant)
        transaction.set_rollback(True)
    assert make_patient(tenant).numero == "PAT-00001"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.none() | st.integers(1, 12), max_size=14))
def test_no_collision_whatever_the_order(tenant, gestes):
    """None registers somebody new, an integer takes a paper file over (again, sometimes)."""
    with transaction.atomic():
        repris = 0
        for rang in gestes:
            if rang is None:
                make_patient(tenant)
            elif not Patient.objects.filter(rang=rang).exists():
                enregistrer_patient(nom="Fotso", numero=f"PAT-{rang:05d}", acteur=REPRISE)
                repris += 1
        rangs = set(Patient.objects.values_list("rang", flat=True))
        assert len(rangs) == Patient.objects.count() == gestes.count(None) + repris
        nouveaux = rangs - {rang for rang in gestes if rang is not None}
        assert max(nouveaux, default=0) <= len(rangs), "no number is passed over unless a paper file bears it"
        transaction.set_rollback(True)


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_16_registrations_at_once_leave_no_gap_and_no_double(committed_tenant):
    echecs: list[BaseException] = []
    depart = threading.Barrier(16)

    def enregistrer() -> None:
        try:
            depart.wait(timeout=30)
            for _ in range(2):
                with scope(committed_tenant.pk):
                    enregistrer_patient(nom="Fotso", acteur=SYSTEM)
        except BaseException as error:
            echecs.append(error)
        finally:
            connections.close_all()

    fils = [threading.Thread(target=enregistrer) for _ in range(16)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=60)
    assert echecs == []
    with scope(committed_tenant.pk):
        assert sorted(Patient.objects.values_list("rang", flat=True)) == list(range(1, 33))
