"""Validation by a person, by the rule, or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.comptabilite.caisse.models import FactureCaisse, Quittance, RegleValidation
from apps.comptabilite.caisse.selectors import (
    factures_a_encaisser,
    factures_en_attente,
    motifs_d_attente,
    regle_en_vigueur,
)
from apps.comptabilite.caisse.services.corriger_facture import corriger_facture
from apps.comptabilite.caisse.services.definir_regle_validation import definir_regle_validation
from apps.comptabilite.caisse.services.encaisser_facture import encaisser_facture
from apps.comptabilite.caisse.services.rejeter_facture import rejeter_facture
from apps.comptabilite.caisse.services.valider_facture import valider_facture
from apps.comptabilite.grand_livre.models import Ecriture
from apps.comptabilite.tests.caisse.factories import REPRISE, Guichet, especes, lignes, make_facture
from apps.facturation.models import Invoice
from apps.hospital.models import Prestation
from apps.organisations.tests.factories import make_acteur
from apps.socle.actors import SYSTEM, Acteur, ActorKind
from apps.socle.clock import local_date, now
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import Fait

D = Decimal


def test_validation_issues_the_legal_invoice_and_its_entry(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    validee = valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    annee = local_date("Africa/Douala").year
    assert (validee.statut, validee.invoice.invoice_number) == ("VALIDEE", f"FAC-{annee}-00001")
    assert (validee.comptable_validateur_id, validee.regle_id) == (guichet.comptable.id, None)
    assert validee.invoice.total_ttc == validee.montant == D(11_500)
    assert (validee.invoice.buyer_name, validee.invoice.buyer_identifier) == ("Mbarga Nkoulou Solange", "PAT-00001")
    assert validee.invoice.external_id == facture.numero_travail
    ecriture = Ecriture.objects.get(fait__source_id=validee.invoice_id)
    lignes_ecrites = ecriture.lignes.order_by("ordre").values_list("compte__numero", "montant_debit", "montant_credit")
    assert list(lignes_ecrites) == [("4111", 11500, 0), ("70611", 0, 5000), ("70613", 0, 4500), ("70613", 0, 2000)]
    etape = validee.historique.get(action="valider")
    assert (etape.ancien_statut, etape.nouveau_statut, etape.acteur_id) == (
        "EN_ATTENTE",
        "VALIDEE",
        guichet.comptable.id,
    )
    positions = dict(validee.invoice.lines.values_list("id", "position"))
    prestations = Prestation.objects.filter(lignes_caisse__facture=facture)
    assert {p.statut for p in prestations} == {"invoiced"}
    assert [positions[x.prestation.invoice_line_id] for x in validee.lignes.order_by("position")] == [1, 2, 3]


def test_who_issues_does_not_validate_nor_reject(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    for geste in (
        lambda: valider_facture(facture_id=facture.id, acteur=guichet.caissiere),
        lambda: rejeter_facture(facture_id=facture.id, commentaire="non", acteur=guichet.caissiere),
    ):
        with pytest.raises(NotAllowed) as refus:
            geste()
        assert refus.value.code == "second-person-required"
    for acteur in (SYSTEM, Acteur(ActorKind.PARTNER, None, "Un partenaire")):
        with pytest.raises(NotAllowed):
            valider_facture(facture_id=facture.id, acteur=acteur)
    assert FactureCaisse.objects.get().statut == "EN_ATTENTE"


def test_the_takeover_may_do_both_sides_and_date_it(guichet: Guichet) -> None:
    from apps.comptabilite.caisse.services.facturer_patient import facturer_patient

    avant_hier = now() - timedelta(days=2)
    facture = facturer_patient(
        patient_id=guichet.patient.id,
        lignes=lignes(("IM-SCA", 1, 80_000)),
        acteur=REPRISE,
        caissier_id=guichet.caissiere.id,
        le=avant_hier,
    )
    validee = valider_facture(facture_id=facture.id, acteur=REPRISE, le=avant_hier)
    assert (validee.comptable_validateur_id, validee.regle_id, validee.date_validation) == (None, None, avant_hier)
    assert validee.historique.get(action="valider").acteur_type == "takeover"
    assert validee.invoice.issue_date < local_date(guichet.tenant.time_zone)
    with pytest.raises(NotAllowed):
        valider_facture(facture_id=make_facture(guichet).id, acteur=guichet.comptable, le=avant_hier)


def test_the_second_of_two_people_reads_who_was_quicker(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    seconde = make_acteur(guichet.tenant, "comptable")
    for geste in (
        lambda: valider_facture(facture_id=facture.id, acteur=seconde),
        lambda: rejeter_facture(facture_id=facture.id, commentaire="non", acteur=seconde),
    ):
        with pytest.raises(Conflict) as refus:
            geste()
        assert "déjà validée par Rose Tchoumi à " in str(refus.value)
        assert refus.value.status == 409
    assert Invoice.objects.count() == 1


def test_a_rejection_says_why_and_leaves_no_trace_in_the_books(guichet: Guichet) -> None:
    facture = make_facture(guichet, ("IM-SCA", 1, 80_000))
    avant = Fait.objects.count()
    with pytest.raises(BusinessError) as refus:
        rejeter_facture(facture_id=facture.id, commentaire="  ", acteur=guichet.comptable)
    assert refus.value.code == "reason-required"
    rejetee = rejeter_facture(facture_id=facture.id, commentaire=" prix hors tarif ", acteur=guichet.comptable)
    assert (rejetee.statut, rejetee.commentaire_rejet, rejetee.deja_rejetee) == ("REJETEE", "prix hors tarif", True)
    assert rejetee.comptable_validateur_id == guichet.comptable.id
    assert rejetee.historique.count() == 2
    assert (Fait.objects.count(), Invoice.objects.count()) == (avant, 0)
    with pytest.raises(Conflict) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(80_000)], acteur=guichet.caissiere)
    assert refus.value.code == "invoice-rejected"
    with pytest.raises(Conflict):
        valider_facture(facture_id=facture.id, acteur=guichet.comptable)


def test_example_three_rejected_corrected_validated_without_a_gap(guichet: Guichet) -> None:
    """The plan's third example: scanner at 80,000 refused, corrected to 85,000, validated by a person."""
    premiere = make_facture(guichet)
    encaisser_facture(facture_id=premiere.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    scanner = make_facture(guichet, ("IM-SCA", 1, 80_000))
    rejeter_facture(facture_id=scanner.id, commentaire="prix hors tarif", acteur=guichet.comptable)
    corriger_facture(facture_id=scanner.id, lignes=lignes("IM-SCA"), acteur=guichet.caissiere)
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=scanner.id, paiements=[especes(85_000)], acteur=guichet.caissiere)
    assert refus.value.code == "validation-required"
    assert "déjà été rejetée" in str(refus.value)
    validee = valider_facture(facture_id=scanner.id, acteur=guichet.comptable)
    assert validee.invoice.invoice_number.endswith("-00002")
    ecriture = Ecriture.objects.get(fait__source_id=validee.invoice_id)
    assert sorted(ecriture.lignes.values_list("compte__numero", "montant_debit", "montant_credit")) == [
        ("4111", 85_000, 0),
        ("70614", 0, 85_000),
    ]


def test_the_rule_validates_at_collection_only_and_as_the_system(guichet: Guichet) -> None:
    facture = make_facture(guichet)
    assert FactureCaisse.objects.get(pk=facture.pk).statut == "EN_ATTENTE"
    encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    facture.refresh_from_db()
    assert facture.statut == "PAYEE"
    assert facture.regle == regle_en_vigueur()
    assert facture.comptable_validateur_id is None
    etapes = facture.historique.values_list("action", "acteur_type", "acteur_libelle")
    assert list(etapes.order_by("le", "id")) == [
        ("creer", "user", guichet.caissiere.label),
        ("valider", "system", "Système"),
        ("solder", "user", guichet.caissiere.label),
    ]
    assert facture.invoice.acteur_kind == "system"


@pytest.mark.parametrize(("prix", "dit"), [(80_000, "prix hors tarif : Scanner cérébral"), (90_000, "prix hors tarif")])
def test_a_changed_price_waits_for_an_accountant(guichet: Guichet, prix: int, dit: str) -> None:
    facture = make_facture(guichet, "CONS-GEN", ("IM-SCA", 1, prix))
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(1000)], acteur=guichet.caissiere)
    assert refus.value.code == "validation-required"
    assert dit in str(refus.value)
    facture.refresh_from_db()
    assert (facture.statut, Quittance.objects.count(), Invoice.objects.count()) == ("EN_ATTENTE", 0, 0)
    valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    encaisser_facture(facture_id=facture.id, paiements=[especes(1000)], acteur=guichet.caissiere)


def test_without_an_active_rule_everything_waits(guichet: Guichet) -> None:
    definir_regle_validation(active=False, acteur=guichet.comptable)
    facture = make_facture(guichet)
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=facture.id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    assert "aucune règle de validation" in str(refus.value)


def test_above_its_limit_the_rule_does_not_speak(guichet: Guichet) -> None:
    definir_regle_validation(active=True, plafond=D(11_500), acteur=guichet.comptable)
    encaisser_facture(facture_id=make_facture(guichet).id, paiements=[especes(11_500)], acteur=guichet.caissiere)
    dessus = make_facture(guichet, "CONS-GEN", "LB-NFS", "LB-GE", "AU-CARN")
    with pytest.raises(BusinessError) as refus:
        encaisser_facture(facture_id=dessus.id, paiements=[especes(12_000)], acteur=guichet.caissiere)
    assert "plafond de la règle (11\u202f500\u00a0FCFA)" in str(refus.value)


def test_the_rule_is_versions_and_the_latest_holds(guichet: Guichet) -> None:
    premiere = regle_en_vigueur()
    assert (premiere.active, premiere.plafond) == (True, None)
    with pytest.raises(BusinessError):
        definir_regle_validation(active=True, plafond=D("-1"), acteur=guichet.comptable)
    definir_regle_validation(active=True, plafond=D(10_000), acteur=guichet.comptable)
    derniere = definir_regle_validation(active=False, acteur=guichet.comptable)
    assert regle_en_vigueur() == derniere
    assert derniere.modifie_par_id == guichet.comptable.id
    assert RegleValidation.objects.count() == 3


def test_reasons_and_queues(guichet: Guichet) -> None:
    simple, remise = make_facture(guichet), make_facture(guichet, ("LB-CRP", 1, 3000))
    assert motifs_d_attente(simple, simple.lignes.all(), regle_en_vigueur()) == []
    assert len(motifs_d_attente(remise, remise.lignes.all(), regle_en_vigueur())) == 1
    assert list(factures_en_attente()) == [simple, remise]
    valider_facture(facture_id=remise.id, acteur=guichet.comptable)
    assert list(factures_en_attente()) == [simple]
    encaisser_facture(facture_id=remise.id, paiements=[especes(1000)], acteur=guichet.caissiere)
    assert [(facture, facture.reste) for facture in factures_a_encaisser()] == [(remise, D(2000))]


def test_an_invoice_of_zero_is_paid_by_its_validation(guichet: Guichet) -> None:
    facture = make_facture(guichet, "LB-VIH")
    validee = valider_facture(facture_id=facture.id, acteur=guichet.comptable)
    assert (validee.statut, validee.montant) == ("PAYEE", D(0))
    assert validee.invoice.invoice_number
    fait = Fait.objects.get(source_id=validee.invoice_id)
    assert not Ecriture.objects.filter(fait=fait).exists()
    assert not Quittance.objects.exists()
