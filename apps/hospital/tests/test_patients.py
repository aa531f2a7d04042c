"""Registering and correcting a patient: what is needed, what is refused, what is never written down."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.hospital.models import Patient, PatientMot
from apps.hospital.services import enregistrer_patient, modifier_patient
from apps.hospital.tests.factories import make_patient
from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError
from apps.socle.models import AuditTrail
from apps.socle.scope import scope


def test_a_patient_and_the_third_party_are_one_person(tenant):
    patient = enregistrer_patient(
        nom="  Mbarga   Nkoulou ",
        prenom="Solange",
        telephone="+237 6 99 93 84 75",
        sexe="F",
        date_naissance=dt.date(1988, 2, 29),
        acteur=SYSTEM,
    )
    patient.refresh_from_db()
    assert (patient.numero, patient.nom, patient.nom_complet) == (
        "PAT-00001",
        "Mbarga Nkoulou",
        "Mbarga Nkoulou Solange",
    )
    assert patient.cle_recherche == "mbarga nkoulou solange"
    tiers = Tiers.objects.get(patient=patient)
    assert (tiers.code, tiers.nom, tiers.type, tiers.telephone) == (
        "PAT-00001",
        "Mbarga Nkoulou Solange",
        "patient",
        "+237 6 99 93 84 75",
    )


@pytest.mark.parametrize(
    "valeurs",
    [
        {"nom": "O"},
        {"nom": "Fadimatou", "prenom": ""},
        {"nom": "N" * 120, "prenom": "P" * 120},
        {"nom": "ß" * 120, "prenom": "œ" * 120},
        {"nom": "محمد"},
        {"nom": "<script>alert(1)</script>"},
        {"nom": '=HYPERLINK("http://x")'},
        {"nom": "Fotso", "telephone": "", "date_naissance": None, "sexe": ""},
        {"nom": "Fotso", "date_naissance": dt.date(1900, 1, 1)},
    ],
)
def test_valid_and_kept_as_written(tenant, valeurs):
    patient = enregistrer_patient(acteur=SYSTEM, **valeurs)
    patient.refresh_from_db()
    for champ, valeur in valeurs.items():
        assert getattr(patient, champ) == valeur


@pytest.mark.parametrize(
    ("valeurs", "champ"),
    [
        ({"nom": ""}, "nom"),
        ({"nom": " \u00a0\u200b"}, "nom"),
        ({"nom": "12"}, "nom"),
        ({"nom": "N" * 121}, "nom"),
        ({"prenom": "P" * 121}, "prenom"),
        ({"telephone": "appeler le soir"}, "telephone"),
        ({"telephone": "12345"}, "telephone"),
        ({"telephone": "6 9 9 9 3 8 4 7 5 1 2 3 4 5"}, "telephone"),
        ({"sexe": "X"}, "sexe"),
        ({"date_naissance": dt.date(1850, 1, 1)}, "date_naissance"),
    ],
)
def test_refused_beside_its_field(tenant, valeurs, champ):
    with pytest.raises(BusinessError) as refus:
        enregistrer_patient(**{"nom": "Fotso", "acteur": SYSTEM, **valeurs})
    assert refus.value.field == champ
    assert not Patient.objects.exists()
    assert not Tiers.objects.exists()


def test_nobody_is_born_tomorrow(tenant):
    aujourdhui = local_date(tenant.time_zone)
    assert make_patient(tenant, date_naissance=aujourdhui).date_naissance == aujourdhui
    with pytest.raises(BusinessError) as refus:
        make_patient(tenant, date_naissance=aujourdhui + dt.timedelta(days=1))
    assert refus.value.code == "birth-in-future"


def test_correcting_changes_what_is_given_and_nothing_else(tenant):
    patient = make_patient(
        tenant, nom="Fotso", prenom="Gaël", telephone="699938475", sexe="M", date_naissance=dt.date(1990, 5, 1)
    )
    modifier_patient(patient_id=patient.pk, prenom="Gaëlle", sexe="F", acteur=SYSTEM)
    patient.refresh_from_db()
    assert (patient.nom, patient.prenom, patient.sexe, patient.telephone) == ("Fotso", "Gaëlle", "F", "699938475")
    assert patient.date_naissance == dt.date(1990, 5, 1)
    assert Tiers.objects.get().nom == "Fotso Gaëlle"
    modifier_patient(patient_id=patient.pk, telephone="", sans_date=True, acteur=SYSTEM)
    patient.refresh_from_db()
    assert (patient.telephone, patient.date_naissance) == ("", None)
    assert Tiers.objects.get().telephone == ""
    with pytest.raises(BusinessError):
        modifier_patient(patient_id=patient.pk, nom="", acteur=SYSTEM)


def test_correcting_nothing_leaves_no_trace(tenant):
    patient = make_patient(tenant)
    modifier_patient(patient_id=patient.pk, nom=patient.nom, acteur=SYSTEM)
    assert not AuditTrail.objects.filter(action="patient_corrected").exists()


def test_the_trail_says_who_and_which_fields_never_what(tenant):
    acteur = make_acteur(tenant)
    patient = make_patient(tenant, nom="Fotso", prenom="Gaël", telephone="699938475", acteur=acteur)
    modifier_patient(patient_id=patient.pk, nom="Kamga", date_naissance=dt.date(1990, 5, 1), acteur=acteur)
    creation, correction = AuditTrail.objects.filter(model_type="hospital.Patient").order_by("id")
    assert (creation.action, creation.new_values) == ("patient_registered", {"numero": "PAT-00001"})
    assert (correction.action, correction.new_values) == ("patient_corrected", {"fields": ["date_naissance", "nom"]})
    assert {creation.user_id, correction.user_id} == {acteur.id}


def test_another_tenants_patient_does_not_exist_here(tenant, autre_tenant):
    ailleurs = make_patient(autre_tenant, nom="Fotso")
    with pytest.raises(Patient.DoesNotExist):
        modifier_patient(patient_id=ailleurs.pk, nom="Kamga", acteur=SYSTEM)
    with scope(autre_tenant.pk):
        assert Patient.objects.get().nom == "Fotso"
        assert PatientMot.objects.filter(mot="fotso").count() == 1
