"""A tariff has its days; two never meet; changing one closes the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.hospital.models import HospitalActTarif, HospitalExamTarif, Service
from apps.hospital.selectors import chercher_tarifs, tarif_en_vigueur, tarifs_en_vigueur
from apps.hospital.services import enregistrer_tarif
from apps.hospital.tests.factories import make_tarif
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM, takeover_actor
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError, from_integrity_error
from apps.socle.fields import uuid7
from apps.socle.scope import scope

UN_JOUR = dt.timedelta(days=1)
DEBUT = dt.date(2020, 1, 1)


def _tarifs(code: str = "CONS-GEN") -> list[tuple[int, dt.date, dt.date | None]]:
    lignes = [t for m in (HospitalActTarif, HospitalExamTarif) for t in m.objects.filter(code=code)]
    return sorted((int(t.montant), t.valide_du, t.valide_au) for t in lignes)


def test_an_exam_and_an_act_go_to_their_tables(tenant):
    acte = make_tarif(tenant)
    examen = make_tarif(tenant, " lb-nfs ", 4500, type_recette="LABORATOIRE", nom="Numération formule sanguine")
    assert isinstance(acte, HospitalActTarif)
    assert isinstance(examen, HospitalExamTarif)
    assert (examen.code, examen.service.code, examen.devise) == ("LB-NFS", "LABO", "XAF")
    urgences = Service.objects.create(tenant=tenant, code="URG", nom="Urgences")
    assert make_tarif(tenant, "CONS-URG", 10000, service=urgences).service == urgences


def test_changing_closes_the_old_and_opens_the_new(tenant):
    aujourdhui = local_date(tenant.time_zone)
    bientot = aujourdhui + 10 * UN_JOUR
    make_tarif(tenant, montant=5000)
    make_tarif(tenant, montant=6000, valide_du=bientot)
    assert _tarifs() == [(5000, DEBUT, bientot - UN_JOUR), (6000, bientot, None)]
    prix = {jour: tarif_en_vigueur("CONS-GEN", jour).montant for jour in (DEBUT, bientot - UN_JOUR, bientot)}
    assert prix == {DEBUT: 5000, bientot - UN_JOUR: 5000, bientot: 6000}
    assert tarif_en_vigueur("CONS-GEN", DEBUT - UN_JOUR) is None


def test_a_change_before_a_planned_one_ends_with_it(tenant):
    aujourdhui = local_date(tenant.time_zone)
    plus_tard = aujourdhui + 30 * UN_JOUR
    make_tarif(tenant, montant=5000)
    make_tarif(tenant, montant=7000, valide_du=plus_tard)
    make_tarif(tenant, montant=6000, valide_du=aujourdhui)
    assert _tarifs() == [
        (5000, DEBUT, aujourdhui - UN_JOUR),
        (6000, aujourdhui, plus_tard - UN_JOUR),
        (7000, plus_tard, None),
    ]


def test_corrected_the_same_day_the_first_never_applied(tenant):
    aujourdhui = local_date(tenant.time_zone)
    for montant in (600, 6000, 6500):
        make_tarif(tenant, montant=montant, valide_du=aujourdhui)
    hier = aujourdhui - UN_JOUR
    assert _tarifs() == [(600, aujourdhui, hier), (6000, aujourdhui, hier), (6500, aujourdhui, None)]
    assert tarif_en_vigueur("CONS-GEN", aujourdhui).montant == 6500
    assert [t.montant for t in HospitalActTarif.objects.all() if t.jamais_applique] == [600, 6000]


def test_a_code_may_become_an_exam(tenant):
    aujourdhui = local_date(tenant.time_zone)
    make_tarif(tenant, "DIV-1", 1000, type_recette="AUTRE")
    make_tarif(tenant, "DIV-1", 2000, type_recette="IMAGERIE", valide_du=aujourdhui)
    assert isinstance(tarif_en_vigueur("div-1", aujourdhui - UN_JOUR), HospitalActTarif)
    assert isinstance(tarif_en_vigueur("div-1", aujourdhui), HospitalExamTarif)


def test_only_a_takeover_rewrites_the_past(tenant):
    hier = local_date(tenant.time_zone) - UN_JOUR
    make_tarif(tenant, montant=5000)
    with pytest.raises(BusinessError) as refus:
        make_tarif(tenant, montant=6000, valide_du=hier)
    assert (refus.value.code, refus.value.field) == ("tariff-in-past", "valide_du")
    make_tarif(tenant, montant=6000, valide_du=hier, acteur=takeover_actor("essai"))
    assert _tarifs() == [(5000, DEBUT, hier - UN_JOUR), (6000, hier, None)]


@pytest.mark.parametrize(
    ("valeurs", "champ"),
    [
        ({"code": "  "}, "code"),
        ({"code": "-"}, "code"),
        ({"code": "C" * 51}, "code"),
        ({"nom": " "}, "nom"),
        ({"nom": "N" * 201}, "nom"),
        ({"type_recette": "COIFFURE"}, "type_recette"),
        ({"montant": Decimal("1250.50")}, "montant"),
        ({"montant": Decimal(-1)}, "montant"),
        ({"montant": Decimal("NaN")}, "montant"),
        ({"montant": Decimal(10) ** 12}, "montant"),
    ],
)
def test_refused_beside_its_field(tenant, valeurs, champ):
    correct = {"code": "X", "nom": "Acte", "type_recette": "AUTRE", "montant": Decimal(1), "valide_du": DEBUT}
    with pytest.raises(BusinessError) as refus:
        enregistrer_tarif(**{**correct, "acteur": SYSTEM, **valeurs})
    assert refus.value.field == champ


COPIE = (
    "insert into {vers} (id, tenant_id, code, nom, description, type_recette, service_id, montant, devise, valide_du,"
    " valide_au, cle_recherche) select gen_random_uuid(), tenant_id, code, nom, description, type_recette, service_id,"
    " {montant}, devise, {du}, {au}, cle_recherche from hospital_hospitalacttarif"
)
ACTES, EXAMENS = "hospital_hospitalacttarif", "hospital_hospitalexamtarif"


@pytest.mark.database
@pytest.mark.parametrize(
    ("vers", "du", "au", "constraint"),
    [
        (ACTES, "valide_du + 5", "null", "hospital_hospitalacttarif_periode"),
        (ACTES, "valide_du - 5", "valide_du", "hospital_hospitalacttarif_periode"),
        (EXAMENS, "valide_du + 5", "null", "hospital_tarif_une_table"),
        (EXAMENS, "valide_du - 5", "valide_du", "hospital_tarif_une_table"),
        (ACTES, "valide_du - 5", "valide_du - 7", "hospital_hospitalacttarif_dates"),
    ],
)
def test_postgresql_refuses_an_overlap_in_one_table_and_across(tenant, vers, du, au, constraint):
    make_tarif(tenant)
    with pytest.raises(IntegrityError, match=constraint) as refus, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COPIE.format(vers=vers, montant="montant", du=du, au=au))
    assert from_integrity_error(refus.value) is not None, "said in French"


@pytest.mark.database
@pytest.mark.parametrize("vers", [ACTES, EXAMENS])
def test_postgresql_accepts_what_does_not_meet(tenant, vers):
    make_tarif(tenant)
    with connection.cursor() as cursor:
        cursor.execute(COPIE.format(vers=vers, montant="1", du="valide_du - 10", au="valide_du - 1"))
        cursor.execute(
            COPIE.format(vers=vers, montant="2", du="valide_du + 3", au="valide_du + 2") + " where montant > 2"
        )
    assert len(_tarifs()) == 3


@pytest.mark.database
def test_postgresql_refuses_a_franc_in_two(tenant):
    make_tarif(tenant)
    refused = pytest.raises(IntegrityError, match="hospital_hospitalacttarif_exact")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COPIE.format(vers=ACTES, montant="0.5", du="valide_du - 10", au="valide_du - 1"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["AUTRE", "LABORATOIRE"])), min_size=1, max_size=8))
def test_each_day_has_the_tariff_last_set_for_it(tenant, gestes):
    """Whatever is set and in which order, no two tariffs meet and a day's is the last that was set at or before it."""
    aujourdhui = local_date(tenant.time_zone)
    with transaction.atomic():
        voulus: dict[int, int] = {}
        for montant, (jour, type_recette) in enumerate(gestes, 1):
            make_tarif(tenant, "X", montant, type_recette=type_recette, valide_du=aujourdhui + jour * UN_JOUR)
            voulus[jour] = montant
        for jour in range(22):
            debuts = [debut for debut in voulus if debut <= jour]
            attendu = voulus[max(debuts)] if debuts else None
            tarif = tarif_en_vigueur("X", aujourdhui + jour * UN_JOUR)
            assert (int(tarif.montant) if tarif else None) == attendu
        transaction.set_rollback(True)


def test_found_by_code_or_words(tenant):
    for code, nom, type_recette in (
        ("CONS-GEN", "Consultation générale", "CONSULTATION"),
        ("CONS-PED", "Consultation pédiatrique", "CONSULTATION"),
        ("LB-GE", "Goutte épaisse", "LABORATOIRE"),
        ("GE", "Gestes d’urgence", "AUTRE"),
        ("PH-PARA", "Paracétamol 500 mg, boîte", "PHARMACIE"),
    ):
        make_tarif(tenant, code, 100, nom=nom, type_recette=type_recette)
    aujourdhui = local_date(tenant.time_zone)
    attendus = {
        "consult": ["CONS-GEN", "CONS-PED"],
        "ped CONSULT": ["CONS-PED"],
        "cons-gen": ["CONS-GEN"],
        "consgen": ["CONS-GEN"],
        "ge": ["GE", "CONS-GEN", "LB-GE"],
        "EPAISSE": ["LB-GE"],
        "durgence": ["GE"],
        "500": ["PH-PARA"],
        "%": ["CONS-GEN", "CONS-PED", "GE", "LB-GE", "PH-PARA"],
        "": ["CONS-GEN", "CONS-PED", "GE", "LB-GE", "PH-PARA"],
        "ultation": [],
    }
    assert {q: [t.code for t in chercher_tarifs(q, aujourdhui)] for q in attendus} == attendus
    assert [t.code for t in chercher_tarifs("consult", aujourdhui, limite=1)] == ["CONS-GEN"]
    assert chercher_tarifs("consult", DEBUT - UN_JOUR) == []


def test_each_tenant_has_its_own(tenant, autre_tenant):
    make_tarif(autre_tenant, montant=9000)
    assert tarifs_en_vigueur(["CONS-GEN"], DEBUT) == {}
    make_tarif(tenant, montant=5000, acteur=make_acteur(tenant, "comptable"))
    with scope(autre_tenant.pk):
        assert tarif_en_vigueur("CONS-GEN", DEBUT).montant == 9000


@pytest.mark.parametrize("code", ["é è\U0001f600", "CONS_", "-", "A" * 51, "LB<NFS", "LB\u202eNFS", "ÉCHO"])
def test_a_code_is_what_every_keyboard_types(tenant, code):
    with pytest.raises(BusinessError) as refus:
        make_tarif(tenant, code)
    assert refus.value.field == "code"
    connu = make_tarif(tenant, "CONS-GEN")
    connu.pk, connu.code = uuid7(), code
    with pytest.raises(DatabaseError), transaction.atomic():
        connu.save(force_insert=True)


@pytest.mark.parametrize("code", ["A", "CONS-GEN", "PH.PARA/500", "AU 12", "K+", "X" * 50])
def test_a_code_of_a_keyboard_is_taken(tenant, code):
    assert make_tarif(tenant, code.lower()).code == code


def test_a_designation_shows_all_that_it_says(tenant):
    with pytest.raises(BusinessError, match="invisible"):
        make_tarif(tenant, nom="Consultation\u202e")


@pytest.mark.parametrize(
    ("montant", "dit"),
    [("-5", "ne peut pas être négatif"), ("0.5", "en FCFA s’écrit sans centimes"), ("9999999999999", "trop grand")],
)
def test_a_price_that_cannot_be_says_why(tenant, montant, dit):
    with pytest.raises(BusinessError, match=dit):
        make_tarif(tenant, montant=Decimal(montant))
