"""A cashier's invoice while it waits: its lines, its tariffs, its corrections."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.services.facturer_patient import facturer_patient
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.tests.caisse.factories import REPRISE, Guichet, lignes, make_facture
from apps.facturation.models import Invoice
from apps.hospital.models import Patient, Prestation, Session
from apps.hospital.services import enregistrer_tarif
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import AuditTrail, Fait
from apps.socle.scope import scope

D = Decimal


def test_it_waits_with_a_working_number_and_no_fact(guichet: Guichet) -> None:
    avant = Fait.objects.count()
    facture = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN", ("LB-NFS", 2)),
        acteur=guichet.caissiere,
        motif=" fièvre ",
    )
    annee = local_date("Africa/Douala").year
    assert (facture.statut, facture.numero_travail, facture.motif) == ("EN_ATTENTE", f"FC-{annee}-00001", "fièvre")
    assert facture.montant == D(14_000)
    assert facture.invoice_id is None
    assert (Fait.objects.count(), Invoice.objects.count()) == (avant, 0)
    attendues = [("CONS-GEN", "CONSULTATION", 1, 5000, 5000, 5000), ("LB-NFS", "LABORATOIRE", 2, 4500, 4500, 9000)]
    vues = facture.lignes.order_by("position")
    assert [(x.code, x.type_recette, x.quantite, x.prix_tarif, x.prix_unitaire, x.montant) for x in vues] == attendues
    assert all(ligne.service_code for ligne in vues)
    [etape] = facture.historique.all()
    assert (etape.action, etape.acteur_libelle, etape.nouveau_statut) == (
        "creer",
        guichet.caissiere.label,
        "EN_ATTENTE",
    )


def test_the_audit_trail_holds_no_word_of_health(guichet: Guichet) -> None:
    facture = facturer_patient(
        patient_id=guichet.patient.id, lignes=lignes("LB-VIH"), acteur=guichet.caissiere, motif="dépistage"
    )
    traces = AuditTrail.objects.filter(model_id=facture.id)
    assert traces
    assert not any("dépistage" in f"{trace.new_values}{trace.old_values}{trace.reason}" for trace in traces)


def test_two_invoices_of_a_day_share_the_visit(guichet: Guichet) -> None:
    premiere, seconde = make_facture(guichet), make_facture(guichet, "LB-CRP")
    assert premiere.session_id == seconde.session_id
    assert Session.objects.count() == 1
    assert premiere.numero_travail != seconde.numero_travail


def test_prices_come_from_the_tariff_in_force_that_day(guichet: Guichet) -> None:
    demain = local_date(guichet.tenant.time_zone) + timedelta(days=1)
    enregistrer_tarif(
        code="CONS-GEN",
        nom="Consultation générale",
        type_recette="CONSULTATION",
        montant=D(9999),
        valide_du=demain,
        acteur=SYSTEM,
    )
    assert make_facture(guichet, "CONS-GEN").montant == D(5000)
    enregistrer_tarif(
        code="LB-GE",
        nom="Goutte épaisse",
        type_recette="LABORATOIRE",
        montant=D(2100),
        valide_du=date(2026, 11, 1),
        acteur=REPRISE,
    )
    assert make_facture(guichet, "LB-GE").lignes.get().prix_tarif == D(2100)
    ancienne = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes("LB-GE"),
        acteur=REPRISE,
        caissier_id=guichet.caissiere.id,
        le=now() - timedelta(days=40),
    )
    assert ancienne.lignes.get().prix_tarif == D(2000)


@pytest.mark.parametrize(
    ("saisies", "code"),
    [
        ([], "no-lines"),
        (lignes("INCONNU"), "tariff-missing"),
        (lignes(("CONS-GEN", 0)), "quantity-invalid"),
        (lignes(("CONS-GEN", -2)), "quantity-invalid"),
        (lignes(("CONS-GEN", 1, -5)), "price-invalid"),
        (lignes(("CONS-GEN", 1, "0.5")), "price-invalid"),
        (lignes(("CONS-GEN", 100_001)), "quantity-invalid"),
        (lignes(("CONS-GEN", 3, "333333333334")), "amount-too-large"),
        (lignes(("CONS-GEN", 1, "999999999999"), "LB-GE"), "amount-too-large"),
        (lignes(*["CONS-GEN"] * 201), "too-many-lines"),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(guichet: Guichet, saisies: list[Any], code: str) -> None:
    with pytest.raises(BusinessError) as refus:
        facturer_patient(patient_id=guichet.patient.id, lignes=saisies, acteur=guichet.caissiere)
    assert refus.value.code == code
    assert not FactureCaisse.objects.exists()
    assert not Prestation.objects.exists()


def test_a_card_number_in_the_reason_is_refused_and_not_repeated(guichet: Guichet) -> None:
    with pytest.raises(BusinessError) as refus:
        facturer_patient(
            patient_id=guichet.patient.id,
            lignes=lignes("CONS-GEN"),
            acteur=guichet.caissiere,
            motif="carte 4970 1012 3456 7893",
        )
    assert (refus.value.code, refus.value.field) == ("card-number-refused", "motif")
    assert "4970" not in str(refus.value)


def test_another_tenants_patient_does_not_exist(guichet: Guichet, autre_tenant: Tenant) -> None:
    from apps.hospital.tests.factories import make_patient

    etranger = make_patient(autre_tenant)
    with pytest.raises(Patient.DoesNotExist):
        facturer_patient(patient_id=etranger.id, lignes=lignes("CONS-GEN"), acteur=guichet.caissiere)


def test_only_the_takeover_may_date_it_in_the_past(guichet: Guichet) -> None:
    hier = now() - timedelta(days=1)
    with pytest.raises(NotAllowed):
        facturer_patient(patient_id=guichet.patient.id, lignes=lignes("CONS-GEN"), acteur=guichet.caissiere, le=hier)
    with pytest.raises(NotAllowed):
        facturer_patient(patient_id=guichet.patient.id, lignes=lignes("CONS-GEN"), acteur=SYSTEM)
    facture = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes("CONS-GEN"),
        acteur=REPRISE,
        caissier_id=guichet.caissiere.id,
        le=hier,
    )
    assert facture.date_creation == hier
    assert facture.session.jour == hier.astimezone().date() or facture.session.jour < local_date(
        guichet.tenant.time_zone
    )


def test_a_rejected_invoice_is_corrected_and_comes_back(guichet: Guichet) -> None:
    facture = make_facture(guichet, ("IM-SCA", 1, 80_000), "LB-CRP")
    rejeter_facture(facture_id=facture.id, commentaire="prix hors tarif", acteur=guichet.comptable)
    gardee = facture.lignes.get(code="IM-SCA").prestation_id
    corrigee = corriger_facture(
        facture_id=facture.id, lignes=lignes("IM-SCA", ("LB-GE", 2)), acteur=guichet.caissiere, motif="chute"
    )
    assert (corrigee.statut, corrigee.deja_rejetee, corrigee.commentaire_rejet) == (
        "EN_ATTENTE",
        True,
        "prix hors tarif",
    )
    assert (corrigee.montant, corrigee.motif, corrigee.comptable_validateur_id) == (D(89_000), "chute", None)
    assert [(x.code, x.montant) for x in corrigee.lignes.order_by("position")] == [("IM-SCA", 85_000), ("LB-GE", 4000)]
    assert corrigee.lignes.get(code="IM-SCA").prestation_id == gardee
    assert set(Prestation.objects.values_list("code_prestation", flat=True)) == {"IM-SCA", "LB-GE"}
    etape = corrigee.historique.get(action="corriger")
    assert (etape.ancien_statut, etape.nouveau_statut) == ("REJETEE", "EN_ATTENTE")
    assert [(x["code"], x["prix_unitaire"]) for x in etape.avant] == [("IM-SCA", "80000"), ("LB-CRP", "6000")]


def test_an_invoice_that_waits_may_be_corrected_too_in_any_order(guichet: Guichet) -> None:
    facture = make_facture(guichet, "LB-NFS", "LB-NFS", "CONS-GEN")
    corrigee = corriger_facture(
        facture_id=facture.id, lignes=lignes("CONS-GEN", ("lb-nfs", 3), "LB-CRP"), acteur=guichet.caissiere
    )
    assert [(x.position, x.code, x.montant) for x in corrigee.lignes.order_by("position")] == [
        (1, "CONS-GEN", 5000),
        (2, "LB-NFS", 13_500),
        (3, "LB-CRP", 6000),
    ]
    assert corrigee.montant == D(24_500)
    assert not corrigee.deja_rejetee
    assert Prestation.objects.count() == 3


def test_a_correction_keeps_the_tariffs_of_the_invoices_day(guichet: Guichet) -> None:
    facture = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes(("CONS-GEN", 1, 4000)),
        acteur=REPRISE,
        caissier_id=guichet.caissiere.id,
        le=now() - timedelta(days=2),
    )
    enregistrer_tarif(
        code="CONS-GEN",
        nom="Consultation générale",
        type_recette="CONSULTATION",
        montant=D(5500),
        valide_du=local_date(guichet.tenant.time_zone),
        acteur=SYSTEM,
    )
    corrigee = corriger_facture(facture_id=facture.id, lignes=lignes("CONS-GEN", "CONS-GEN"), acteur=guichet.caissiere)
    assert [x.prix_tarif for x in corrigee.lignes.order_by("position")] == [D(5000), D(5000)]


def test_only_the_issuer_corrects_and_only_before_validation(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    autre = make_acteur(guichet.tenant, "caissier")
    for acteur in (autre, guichet.comptable, SYSTEM):
        with pytest.raises(NotAllowed):
            corriger_facture(facture_id=facture.id, lignes=lignes("CONS-GEN"), acteur=acteur)
    with pytest.raises(BusinessError) as refus:
        corriger_facture(facture_id=facture.id, lignes=[], acteur=guichet.caissiere)
    assert refus.value.code == "no-lines"
    assert facture.lignes.count() == 3
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    with pytest.raises(Conflict) as refus:
        corriger_facture(facture_id=facture.id, lignes=lignes("CONS-GEN"), acteur=guichet.caissiere)
    assert "déjà validée par Rose Tchoumi" in str(refus.value)
    with pytest.raises(FactureCaisse.DoesNotExist):
        corriger_facture(facture_id=uuid.uuid4(), lignes=lignes("CONS-GEN"), acteur=guichet.caissiere)


def test_another_tenants_invoice_does_not_exist(guichet: Guichet, autre_tenant: Tenant) -> None:
    facture = make_facture(guichet)
    with scope(autre_tenant.id):
        etranger = make_acteur(autre_tenant, "comptable")
        for service, autres in (
            (valider_facture, {}),
            (rejeter_facture, {"commentaire": "non"}),
            (corriger_facture, {"lignes": lignes("CONS-GEN")}),
        ):
            with pytest.raises(FactureCaisse.DoesNotExist):
                service(facture_id=facture.id, acteur=etranger, **autres)
