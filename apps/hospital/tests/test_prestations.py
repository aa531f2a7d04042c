"""What is given is kept at its tariff of the day, its total is q × p rounded, and once invoiced it is frozen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.facturation.models import InvoiceLine
from apps.facturation.tests.factories import make_invoice
from apps.hospital.models import Prestation, Session
from apps.hospital.services import (
    ajouter_prestations,
    corriger_prestation,
    fermer_session,
    rattacher_aux_lignes,
    retirer_prestations,
    valider_prestations,
)
from apps.hospital.tests.factories import make_prestations, make_session, make_tarif
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM, takeover_actor
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, Conflict
from apps.socle.models import AuditTrail
from apps.socle.money import quantize
from apps.socle.scope import scope


@pytest.fixture
def tarifs(tenant):
    return [
        make_tarif(tenant),
        make_tarif(tenant, "LB-NFS", 4500, type_recette="LABORATOIRE", nom="Numération formule sanguine"),
    ]


def test_the_line_keeps_tariff_label_and_service_of_its_day(tenant, tarifs):
    [consultation, analyse] = make_prestations(tenant, ("cons-gen ", 1, None), ("LB-NFS", 3, 4000))
    assert (consultation.libelle, consultation.type_recette) == ("Consultation générale", "CONSULTATION")
    assert consultation.service.code == "CONS"
    assert (consultation.tarif_montant, consultation.montant_unitaire, consultation.montant_total) == (5000, 5000, 5000)
    assert consultation.au_tarif
    assert (analyse.tarif_montant, analyse.montant_unitaire, analyse.montant_total) == (4500, 4000, 12000)
    assert not analyse.au_tarif
    assert {p.devise for p in (consultation, analyse)} == {"XAF"}
    assert list(Prestation.objects.values_list("code_prestation", flat=True)) == ["CONS-GEN", "LB-NFS"]


def test_who_recorded_is_kept_for_a_person_only(tenant, tarifs):
    acteur = make_acteur(tenant)
    session = make_session(tenant)
    today = local_date(tenant.time_zone)
    lignes = [("CONS-GEN", Decimal(1), None)]
    [par_personne] = ajouter_prestations(session_id=session.pk, lignes=lignes, date=today, acteur=acteur)
    [par_systeme] = ajouter_prestations(session_id=session.pk, lignes=lignes, date=today, acteur=SYSTEM)
    assert par_personne.user_id == acteur.id
    assert par_systeme.user_id is None


def test_a_free_act_costs_nothing(tenant):
    make_tarif(tenant, "LB-VIH", 0, type_recette="LABORATOIRE", nom="Sérologie VIH")
    [gratuite] = make_prestations(tenant, ("LB-VIH", 1, None))
    assert gratuite.montant_total == 0


@pytest.mark.parametrize(
    ("ligne", "code"),
    [
        (("INCONNU", Decimal(1), None), "tariff-missing"),
        (("CONS-GEN", Decimal(0), None), "quantity-invalid"),
        (("CONS-GEN", Decimal("-2"), None), "quantity-invalid"),
        (("CONS-GEN", Decimal("NaN"), None), "quantity-invalid"),
        (("CONS-GEN", Decimal("Infinity"), None), "quantity-invalid"),
        (("CONS-GEN", Decimal("0.0001"), None), "quantity-invalid"),
        (("CONS-GEN", Decimal(1), Decimal("1250.50")), "price-invalid"),
        (("CONS-GEN", Decimal(1), Decimal(-1)), "price-invalid"),
        (("CONS-GEN", Decimal(100_001), None), "quantity-invalid"),
        (("CONS-GEN", Decimal(3), Decimal("333333333334")), "amount-too-large"),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(tenant, tarifs, ligne, code):
    with pytest.raises(BusinessError) as refus:
        make_prestations(tenant, ("LB-NFS", 1, None), ligne)
    assert refus.value.code == code
    assert not Prestation.objects.exists()


def test_care_is_dated_within_its_visit(tenant, tarifs):
    aujourdhui = local_date(tenant.time_zone)
    hier, demain = aujourdhui - dt.timedelta(days=1), aujourdhui + dt.timedelta(days=1)
    session = make_session(tenant, date=hier, acteur=takeover_actor("essai"))

    def donner(jour):
        lignes = [("CONS-GEN", Decimal(1), None)]
        return ajouter_prestations(session_id=session.pk, lignes=lignes, date=jour, acteur=SYSTEM)

    for jour, code in ((hier - dt.timedelta(days=1), "date-before-visit"), (demain, "date-in-future")):
        with pytest.raises(BusinessError) as refus:
            donner(jour)
        assert refus.value.code == code
    [de_hier], [du_jour] = donner(hier), donner(aujourdhui)
    assert de_hier.date_prestation.isoformat() == f"{hier}T12:00:00+01:00", "noon, the hour not being known"
    assert abs(du_jour.date_prestation - now()) < dt.timedelta(minutes=1)


def test_the_tariff_is_that_of_the_day_of_care(tenant, tarifs):
    aujourdhui = local_date(tenant.time_zone)
    hier = aujourdhui - dt.timedelta(days=1)
    session = make_session(tenant, date=hier, acteur=takeover_actor("essai"))
    make_tarif(tenant, montant=6000, valide_du=aujourdhui)
    lignes = [("CONS-GEN", Decimal(1), None)]
    prix = [
        ajouter_prestations(session_id=session.pk, lignes=lignes, date=jour, acteur=SYSTEM)[0].montant_unitaire
        for jour in (hier, aujourdhui)
    ]
    assert prix == [5000, 6000]


def test_a_closed_visit_takes_only_what_was_given_before(tenant, tarifs):
    session = make_session(tenant)
    avant = now()
    fermer_session(session_id=session.pk, acteur=SYSTEM)
    with pytest.raises(Conflict):
        make_prestations(tenant, ("CONS-GEN", 1, None), session=session)
    with pytest.raises(Conflict):
        fermer_session(session_id=session.pk, acteur=SYSTEM)
    lignes = [("CONS-GEN", Decimal(1), None)]
    [tardive] = ajouter_prestations(session_id=session.pk, lignes=lignes, date=avant, acteur=SYSTEM)
    assert tardive.date_prestation == avant
    assert make_session(tenant, session.patient).pk != session.pk, "the same day a new visit is opened"


def test_pending_care_may_be_corrected_and_taken_back(tenant, tarifs):
    [prestation, autre] = make_prestations(tenant, ("CONS-GEN", 1, 4000), ("CONS-GEN", 1, None))
    corrigee = corriger_prestation(prestation_id=prestation.pk, quantite=Decimal(2), prix=None, acteur=SYSTEM)
    corrigee.refresh_from_db()
    assert (corrigee.montant_unitaire, corrigee.montant_total) == (5000, 10000)
    retirer_prestations(prestations=[prestation.pk], acteur=SYSTEM)
    assert list(Prestation.objects.all()) == [autre]


def test_invoiced_care_is_frozen(tenant, tarifs):
    [prestation] = make_prestations(tenant, ("CONS-GEN", 1, None))
    valider_prestations(prestations=[prestation.pk], acteur=SYSTEM)
    line = make_invoice(tenant).lines.get()
    [facturee] = rattacher_aux_lignes(lignes={prestation.pk: line.pk}, acteur=SYSTEM)
    assert (facturee.statut, facturee.invoice_line) == ("invoiced", line)
    assert list(line.prestations.all()) == [prestation]
    for service, valeurs in (
        (corriger_prestation, {"prestation_id": prestation.pk, "quantite": Decimal(2), "prix": None}),
        (retirer_prestations, {"prestations": [prestation.pk]}),
        (valider_prestations, {"prestations": [prestation.pk]}),
        (rattacher_aux_lignes, {"lignes": {prestation.pk: line.pk}}),
    ):
        with pytest.raises(Conflict):
            service(acteur=SYSTEM, **valeurs)


def test_a_line_of_another_tenant_is_refused(tenant, autre_tenant, tarifs):
    [prestation] = make_prestations(tenant, ("CONS-GEN", 1, None))
    ailleurs = make_invoice(autre_tenant)
    with scope(autre_tenant.pk):
        line = InvoiceLine.objects.get(invoice=ailleurs)
    with pytest.raises(IntegrityError):
        rattacher_aux_lignes(lignes={prestation.pk: line.pk}, acteur=SYSTEM)


@pytest.mark.parametrize(
    ("colonnes", "constraint"),
    [
        ({"montant_total": 1}, "hospital_prestation_total"),
        ({"quantite": 0, "montant_total": 0}, "hospital_prestation_quantite"),
        ({"montant_unitaire": Decimal("0.5"), "montant_total": 1}, "hospital_prestation_exact"),
        ({"montant_unitaire": -5000, "montant_total": -5000}, "hospital_prestation_prix"),
        ({"statut": "invoiced"}, "hospital_prestation_facturee"),
    ],
)
@pytest.mark.database
def test_postgresql_refuses_it_too(tenant, tarifs, colonnes, constraint):
    [prestation] = make_prestations(tenant, ("CONS-GEN", 1, None))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Prestation.objects.filter(pk=prestation.pk).update(**colonnes)


@given(
    quantite=st.decimals(Decimal("0.001"), Decimal(9999), places=3),
    prix=st.decimals(0, Decimal(9_999_999), places=0),
)
def test_python_and_postgresql_round_alike(tenant_sql, quantite, prix):
    with connection.cursor() as cursor:
        cursor.execute("select round(%s::numeric * %s::numeric, 0)", [quantite, prix])
        assert cursor.fetchone()[0] == quantize(quantite * prix, "XAF")


@pytest.fixture(scope="module")
def tenant_sql(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def test_health_stays_out_of_the_trail(tenant, tarifs):
    session = make_session(tenant, motif="Paludisme grave")
    [prestation] = make_prestations(tenant, ("LB-NFS", 1, None), session=session)
    corriger_prestation(prestation_id=prestation.pk, quantite=Decimal(2), prix=None, acteur=SYSTEM)
    retirer_prestations(prestations=[prestation.pk], acteur=SYSTEM)
    textes = " ".join(
        f"{t.old_values} {t.new_values} {t.reason}" for t in AuditTrail.objects.exclude(action="tariff_set")
    )
    for secret in ("Paludisme", "Numération", "LB-NFS", session.patient.nom):
        assert secret not in textes, secret
    assert Session.objects.get().motif == "Paludisme grave"
