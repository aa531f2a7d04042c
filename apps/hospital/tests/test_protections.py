"""What SQL may not do to patients, visits, tariffs and prestations, as runtime and as owner."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg
import pytest
from django.apps import apps

from apps.facturation.tests.factories import make_invoice
from apps.hospital.models import Hospital, Patient, Prestation, Service, Session
from apps.hospital.services import rattacher_aux_lignes
from apps.hospital.tests.factories import make_patient, make_prestations, make_session, make_tarif
from apps.organisations.tests.factories import make_tenant
from apps.socle.actors import SYSTEM
from apps.socle.row_security import tenant_rows
from apps.socle.scope import scope
from apps.socle.startup import differences
from tests.support.database import connect_as

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

GESTES = {
    "renumber a patient": ("hospital_patient", "update hospital_patient set numero = 'PAT-99999'"),
    "move a patient to another account": ("hospital_patient", "update hospital_patient set tiers_id = gen_random_uuid()"),
    "forget a patient": ("hospital_patient", "delete from hospital_patient"),
    "forget all patients": ("hospital_patient", "truncate hospital_patient cascade"),
    "date a visit otherwise": ("hospital_session", "update hospital_session set jour = jour - 1"),
    "forget a visit": ("hospital_session", "delete from hospital_session"),
    "change a tariff": ("hospital_hospitalacttarif", "update hospital_hospitalacttarif set montant = 1"),
    "change its first day": ("hospital_hospitalacttarif", "update hospital_hospitalacttarif set valide_du = valide_du - 9"),
    "forget a tariff": ("hospital_hospitalexamtarif", "delete from hospital_hospitalexamtarif"),
    "change an invoiced price": (
        "hospital_prestation",
        "update hospital_prestation set montant_unitaire = 0, montant_total = 0 where statut = 'invoiced'",
    ),
    "change a tariff kept": ("hospital_prestation", "update hospital_prestation set tarif_montant = 1"),
    "untie an invoiced line": (
        "hospital_prestation",
        "update hospital_prestation set statut = 'pending', invoice_line_id = null where statut = 'invoiced'",
    ),
    "forget invoiced care": ("hospital_prestation", "delete from hospital_prestation where statut = 'invoiced'"),
    "forget all care": ("hospital_prestation", "truncate hospital_prestation cascade"),
}  # fmt: skip


@pytest.fixture
def hopital(committed_tenant):
    """One row of each kind, one prestation of three invoiced."""
    make_tarif(committed_tenant)
    make_tarif(committed_tenant, "LB-GE", 2000, type_recette="LABORATOIRE", nom="Goutte épaisse")
    facturee, *_reste = make_prestations(committed_tenant, ("CONS-GEN", 1, None), ("LB-GE", 1, None))
    with scope(committed_tenant.pk):
        ligne = make_invoice(committed_tenant).lines.get()
        rattacher_aux_lignes(lignes={facturee.pk: ligne.pk}, acteur=SYSTEM)
    return committed_tenant


@pytest.mark.parametrize("login", ["default", "owner"])
def test_sql_may_not(hopital, login):
    for nom, (table, geste) in GESTES.items():
        with connect_as(login, autocommit=False) as sql:
            sql.execute("select set_config('cauris.tenant', %s, true)", [str(hopital.pk)])
            assert sql.execute(f"select count(*) from {table}").fetchone()[0] > 0, nom
            with pytest.raises(psycopg.Error) as refus:
                sql.execute(geste)
        constraint = refus.value.diag.constraint_name
        assert constraint in {"socle_immutable", "socle_transition"} or "permission denied" in str(refus.value), nom


@pytest.mark.parametrize(
    ("avant", "apres"), [("pending", "unknown"), ("validated", "pending"), ("invoiced", "validated")]
)
def test_a_step_outside_the_table_is_refused(hopital, avant, apres):
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(hopital.pk)])
        if avant == "validated":
            sql.execute("update hospital_prestation set statut = 'validated' where statut = 'pending'")
        with pytest.raises(psycopg.Error, match="step"):
            sql.execute("update hospital_prestation set statut = %s where statut = %s", [apres, avant])


def test_care_begins_pending(hopital):
    with scope(hopital.pk):
        prestation = Prestation.objects.filter(statut="pending").get()
        prestation.pk, prestation.statut = None, "validated"
        with pytest.raises(Exception, match="cannot begin"):
            prestation.save(force_insert=True)


def test_pending_care_and_planned_ends_live(hopital):
    with connect_as("default", autocommit=False) as sql:
        sql.execute("select set_config('cauris.tenant', %s, true)", [str(hopital.pk)])
        sql.execute("update hospital_hospitalacttarif set valide_au = valide_du")
        sql.execute("update hospital_patient set nom = 'Kamga'")
        assert sql.execute("delete from hospital_prestation where statut = 'pending'").rowcount == 1


def test_a_key_to_another_tenants_row_is_refused(hopital):
    autre = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    ailleurs = make_patient(autre)
    with pytest.raises(Exception, match="hospital_session_patient_id_tenant"), scope(hopital.pk):
        Session.objects.create(
            patient_id=ailleurs.pk, numero="VIS-1", jour=dt.date(2026, 1, 1), ouverte_le=dt.datetime.now(dt.UTC)
        )


def test_nothing_is_seen_from_another_scope(hopital):
    autre = make_tenant(slug="saint-luc", name="Clinique Saint-Luc")
    tables = [m._meta.db_table for m in apps.get_app_config("hospital").get_models()]
    with connect_as("default", autocommit=False) as sql:
        for scope_id, attendu in ((hopital.pk, True), (autre.pk, False), ("", False)):
            sql.execute("select set_config('cauris.tenant', %s, true)", [str(scope_id)])
            for table in set(tables) - {"hospital_hospital", "hospital_service"}:
                vu = sql.execute(f"select count(*) > 0 from {table} where tenant_id = %s", [hopital.pk]).fetchone()[0]
                assert vu is attendu, table


def test_every_table_is_declared_and_installed(db):
    for model in apps.get_app_config("hospital").get_models():
        assert model.row_security == tenant_rows(), model
    assert [line for line in differences() if "hospital" in line] == []


def test_a_new_hospital_has_its_row_and_services(committed_tenant):
    with scope(committed_tenant.pk):
        hopital = Hospital.objects.get()
        assert (hopital.nom, hopital.adresse, hopital.ville, hopital.pays) == (
            "Hôpital Sainte-Odile",
            "Rue Drouot, Akwa",
            "Douala",
            "Cameroun",
        )
        assert committed_tenant.hospital == hopital
        codes = set(Service.objects.values_list("code", flat=True))
    assert codes == {"CONS", "HOSP", "PHAR", "LABO", "IMAG", "ACC"}


def test_another_kind_of_tenant_has_none(db):
    assureur = make_tenant(slug="axa", name="Assureur", kind="assureur")
    with scope(assureur.pk):
        assert not Hospital.objects.exists()
        assert not Service.objects.exists()


def test_two_visits_of_one_day_are_one(hopital):
    patient = make_patient(hopital)
    premiere, seconde = make_session(hopital, patient), make_session(hopital, patient)
    assert premiere == seconde
    assert premiere.numero.startswith("VIS-")
    with scope(hopital.pk), pytest.raises(Exception, match="hospital_session_ouverte"):
        Session.objects.create(patient=patient, numero="VIS-X", jour=premiere.jour, ouverte_le=premiere.ouverte_le)
    with scope(hopital.pk):
        assert Patient.objects.get(pk=patient.pk).sessions.count() == 1
        assert Prestation.objects.filter(montant_total=Decimal(5000)).count() == 1
