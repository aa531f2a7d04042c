"""A fact without a rule waits, visibly; the accountant adds a rule and posts it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, Journal, Periode, RegleImputation
from apps.comptabilite.grand_livre.selectors import attentes, ecarts_totaux, ecritures_du_fait, nombre_en_attente
from apps.comptabilite.grand_livre.services.fermer_periode import fermer_periode
from apps.comptabilite.grand_livre.services.ouvrir_exercice import assurer_exercice
from apps.comptabilite.grand_livre.services.resoudre_imputation import (
    ajouter_regle,
    resoudre_imputation,
    resoudre_imputations,
)
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, compte, lues, publier, quittance
from apps.organisations.models import Tenant
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.errors import BusinessError, Conflict, NotAllowed
from apps.socle.models import AuditTrail

pytestmark = pytest.mark.database


def regle(
    role: str, sens: str, numero: str, journal: str = "OD", type_fait: str = "quittance_emise", **valeurs: object
) -> RegleImputation:
    return RegleImputation(
        type_fait=type_fait,
        role=role,
        sens=sens,
        compte=compte(numero),
        journal=Journal.objects.get(code=journal),
        **valeurs,
    )


def ajouter_troc(acteur: Acteur, **valeurs: object) -> None:
    ajouter_regle(regle=regle("reglement", "DEBIT", "4711", moyen="TROC", **valeurs), acteur=acteur)
    ajouter_regle(regle=regle("creance_reglee", "CREDIT", "4111", moyen="TROC", **valeurs), acteur=acteur)


def test_a_fact_without_rule_waits_and_posts_nothing(tenant: Tenant, caissier: Acteur) -> None:
    fait = quittance(("ESPECES", 1000), ("TROC", 500), acteur=caissier)

    assert lues(fait) == [], "not even the part that has its rules"
    [attente] = attentes()
    assert (attente.fait_id, attente.motif, attente.montant, attente.devise) == (fait.id, "SANS_REGLE", 1500, "XAF")
    assert [(m["role"], m["criteres"], m["montant"]) for m in attente.manques] == [
        ("reglement", {"moyen": "TROC", "caisse": "C1"}, "500"),
        ("creance_reglee", {"moyen": "TROC", "caisse": "C1"}, "500"),
    ]
    assert nombre_en_attente() == 1


def test_a_rule_then_the_posting(tenant: Tenant, caissier: Acteur, comptable: Acteur) -> None:
    fait = quittance(("ESPECES", 1000), ("TROC", 500), acteur=caissier)
    [attente] = attentes()
    ajouter_troc(comptable)

    resoudre_imputation(attente_id=attente.id, acteur=comptable)

    assert lues(fait) == [("CA", [("5711", 1000, 0), ("4111", 0, 1000)]), ("OD", [("4711", 500, 0), ("4111", 0, 500)])]
    assert {e.auteur_id for e in ecritures_du_fait(fait.id)} == {caissier.id}, "the fact stays the cashier's"
    attente.refresh_from_db()
    assert (attente.statut, attente.resolue_par_id) == ("RESOLUE", comptable.id)
    assert attente.resolue_le is not None
    assert nombre_en_attente() == 0
    assert AuditTrail.objects.filter(action="imputation_resolue", model_id=attente.id).count() == 1
    assert AuditTrail.objects.filter(action="regle_imputation_ajoutee").count() == 2
    assert ecarts_totaux() == []


def test_the_accountant_who_resolves_may_validate_what_the_cashier_caused(
    tenant: Tenant, caissier: Acteur, comptable: Acteur
) -> None:
    quittance(("TROC", 500), acteur=caissier)
    ajouter_troc(comptable)
    ids = resoudre_imputation(attente_id=attentes().get().id, acteur=comptable)

    assert len(valider_ecritures(ids=ids, acteur=comptable)) == 1


def test_while_a_rule_is_missing_nothing_changes(tenant: Tenant, comptable: Acteur) -> None:
    quittance(("TROC", 500))
    ajouter_regle(regle=regle("reglement", "DEBIT", "4711", moyen="TROC"), acteur=comptable)

    with pytest.raises(BusinessError, match=r"Il manque une règle pour\s: créance réglée"):
        resoudre_imputation(attente_id=attentes().get().id, acteur=comptable)
    assert nombre_en_attente() == 1
    assert not Ecriture.objects.exists()


def test_rules_that_do_not_balance_a_journal_keep_it_waiting(tenant: Tenant, comptable: Acteur) -> None:
    quittance(("TROC", 500))
    ajouter_regle(regle=regle("reglement", "DEBIT", "4711", "OD", moyen="TROC"), acteur=comptable)
    ajouter_regle(regle=regle("creance_reglee", "CREDIT", "4111", "CA", moyen="TROC"), acteur=comptable)

    with pytest.raises(BusinessError, match="équilibrée"):
        resoudre_imputation(attente_id=attentes().get().id, acteur=comptable)
    assert not Ecriture.objects.exists()


@pytest.mark.parametrize("ferme", ["compte", "journal"])
def test_an_account_that_closes_does_not_stop_the_till(tenant: Tenant, comptable: Acteur, ferme: str) -> None:
    """An accountant who retires the account of a rule must not have the cashier's receipts refused."""
    retire = compte("5711") if ferme == "compte" else Journal.objects.get(code="CA")
    retire.actif = False
    retire.save()

    fait = quittance(("ESPECES", 500))

    attente = attentes().get()
    assert (attente.fait_id, attente.motif) == (fait.id, "COMPTE_FERME")
    with pytest.raises(BusinessError, match="rouvrez le compte"):
        resoudre_imputation(attente_id=attente.id, acteur=comptable)
    retire.actif = True
    retire.save()
    resoudre_imputation(attente_id=attente.id, acteur=comptable)
    assert lues(fait) == [("CA", [("5711", 500, 0), ("4111", 0, 500)])]


def test_resolved_twice_is_said(tenant: Tenant, comptable: Acteur) -> None:
    quittance(("TROC", 500))
    attente = attentes().get()
    ajouter_troc(comptable)
    resoudre_imputation(attente_id=attente.id, acteur=comptable)

    with pytest.raises(Conflict, match=f"déjà résolue par {comptable.label}"):
        resoudre_imputation(attente_id=attente.id, acteur=comptable)


def test_only_a_person_resolves(tenant: Tenant) -> None:
    quittance(("TROC", 500))
    with pytest.raises(NotAllowed):
        resoudre_imputation(attente_id=attentes().get().id, acteur=SYSTEM)


def test_one_rule_frees_many_and_says_what_remains(tenant: Tenant, comptable: Acteur) -> None:
    for _ in range(3):
        quittance(("TROC", 500))
    publier(
        type_fait="invoice_issued",
        lignes=[("creance", 10, {}), ("produit", 10, {"type_recette": "INCONNU"})],
        acteur=SYSTEM,
    )
    ajouter_troc(comptable)

    resolution = resoudre_imputations(acteur=comptable)

    assert (resolution.comptabilisees, resolution.restantes) == (3, 1)
    assert Ecriture.objects.count() == 3
    assert attentes().get().fait.type == "invoice_issued"


def test_without_a_period_the_fact_waits_for_the_exercise(tenant: Tenant, comptable: Acteur) -> None:
    lointain = date(aujourd_hui().year + 3, 2, 1)
    fait = quittance(("ESPECES", 500), le=lointain)
    attente = attentes().get()
    assert attente.motif == "SANS_PERIODE"
    with pytest.raises(BusinessError, match="Aucune période"):
        resoudre_imputation(attente_id=attente.id, acteur=comptable)

    assurer_exercice(jour=lointain, acteur=comptable)
    resoudre_imputation(attente_id=attente.id, acteur=comptable)

    assert ecritures_du_fait(fait.id).get().date_ecriture == lointain


def test_a_rule_holds_on_its_days_only(tenant: Tenant, comptable: Acteur) -> None:
    hier, jour = aujourd_hui() - timedelta(days=1), aujourd_hui()
    ajouter_troc(comptable, valide_du=jour)
    assurer_exercice(jour=hier, acteur=comptable)

    assert lues(quittance(("TROC", 500), le=hier)) == []
    assert [journal for journal, _ in lues(quittance(("TROC", 500), le=jour))] == ["OD"]


def test_two_rules_of_one_key_on_one_day_are_refused_when_saved(tenant: Tenant, comptable: Acteur) -> None:
    jour = aujourd_hui()
    ajouter_regle(regle=regle("reglement", "DEBIT", "4711", moyen="TROC", valide_au=jour), acteur=comptable)

    with pytest.raises(BusinessError) as refus:
        ajouter_regle(regle=regle("reglement", "DEBIT", "4712", moyen="TROC", valide_du=jour), acteur=comptable)
    assert refus.value.code == "imputation-rule-ambiguous"

    ajouter_regle(
        regle=regle("reglement", "DEBIT", "4712", moyen="TROC", valide_du=jour + timedelta(days=1)), acteur=comptable
    )
    ajouter_regle(regle=regle("reglement", "DEBIT", "4712", moyen="TROC", caisse="C2"), acteur=comptable)


def test_a_rule_may_end_the_day_before_it_began(tenant: Tenant, comptable: Acteur) -> None:
    """Replaced on its first day, it never held; its successor takes that day."""
    jour = aujourd_hui()
    premiere = ajouter_regle(regle=regle("reglement", "DEBIT", "4711", moyen="TROC", valide_du=jour), acteur=comptable)
    premiere.valide_au = jour - timedelta(days=1)
    premiere.save()

    ajouter_regle(regle=regle("reglement", "DEBIT", "4712", moyen="TROC", valide_du=jour), acteur=comptable)
    with pytest.raises(BusinessError, match="avant d’avoir commencé"):
        ajouter_regle(
            regle=regle("reglement", "DEBIT", "4712", moyen="BON", valide_du=jour, valide_au=jour - timedelta(days=2)),
            acteur=comptable,
        )


def test_a_rate_is_kept_as_it_is_compared(tenant: Tenant, comptable: Acteur) -> None:
    taxee = ajouter_regle(
        regle=regle("taxe", "CREDIT", "4431", "VT", "invoice_issued", taxe="19.250"), acteur=comptable
    )
    assert RegleImputation.objects.get(pk=taxee.pk).taxe == "19.25"

    fait = publier(
        type_fait="invoice_issued",
        lignes=[
            ("creance", 11925, {}),
            ("produit", 10000, {"type_recette": "AUTRE"}),
            ("taxe", 1925, {"taxe": "19.2500"}),
        ],
        acteur=SYSTEM,
    )
    assert lues(fait) == [("VT", [("4111", 11925, 0), ("70781", 0, 10000), ("4431", 0, 1925)])]


def test_a_period_with_something_waiting_does_not_close(tenant: Tenant, comptable: Acteur) -> None:
    quittance(("TROC", 500))
    periode = Periode.objects.get(debut__lte=aujourd_hui(), fin__gte=aujourd_hui())
    with pytest.raises(BusinessError) as refus:
        fermer_periode(periode_id=periode.id, acteur=comptable)
    assert refus.value.code == "period-has-pending-imputations"

    ajouter_troc(comptable)
    ids = resoudre_imputation(attente_id=ImputationEnAttente.objects.get().id, acteur=comptable)
    with pytest.raises(BusinessError) as refus:
        fermer_periode(periode_id=periode.id, acteur=comptable)
    assert refus.value.code == "period-has-entries-to-validate"

    valider_ecritures(ids=ids, acteur=comptable)
    fermer_periode(periode_id=periode.id, acteur=comptable)
    with pytest.raises(Conflict, match=f"déjà clôturée par {comptable.label}"):
        fermer_periode(periode_id=periode.id, acteur=comptable)


@pytest.mark.parametrize("moyen", ["ESPECES", "TROC"])
def test_a_fact_dated_in_a_closed_period_is_refused_whole(tenant: Tenant, comptable: Acteur, moyen: str) -> None:
    periode = Periode.objects.order_by("debut").first()
    fermer_periode(periode_id=periode.id, acteur=comptable)

    with pytest.raises(BusinessError) as refus:
        quittance((moyen, 500), le=periode.fin)
    assert refus.value.code == "period-closed"
    assert f"La période comptable {periode.code} est clôturée par {comptable.label}" in str(refus.value)
    assert not ImputationEnAttente.objects.exists()
    assert not Ecriture.objects.exists()
