"""What a fact does to a third party's account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.facturation.tests.factories import line, make_invoice
from apps.mouvements.choices import Sens
from apps.mouvements.models import MouvementFinancier, SoldeTiers
from apps.mouvements.selectors import ecarts_de_solde, mouvements_du_tiers, solde
from apps.mouvements.subscribers import sur_fait
from apps.mouvements.tests.factories import facturer, make_fait, regler
from apps.organisations.tests.factories import make_acteur, make_tiers
from apps.socle.actors import takeover_actor
from apps.socle.clock import local_date
from apps.socle.errors import BusinessError

pytestmark = pytest.mark.database


def etats(tiers):
    """State and matched part of each movement, oldest first."""
    return [(m.numero_piece_comptable, m.statut, m.montant_regle) for m in mouvements_du_tiers(tiers.pk)]


def test_an_invoice_is_a_claim(tenant):
    """Published by the invoice itself: the subscriber is where the house calls it."""
    acteur, tiers = make_acteur(tenant, "comptable"), make_tiers(tenant)
    invoice = make_invoice(tenant, line(11500), tiers=tiers, acteur=acteur, due_date=local_date(tenant.time_zone))
    mouvement = MouvementFinancier.objects.get()
    assert (mouvement.type_mouvement, mouvement.sens, mouvement.montant) == ("creance", "debit", 11500)
    assert (mouvement.devise, mouvement.statut, mouvement.penalites) == ("XAF", "en_attente", 0)
    assert (mouvement.numero_piece_comptable, mouvement.reference_origine) == (invoice.invoice_number, str(invoice.pk))
    assert mouvement.module_origine == "facturation.Invoice"
    assert (mouvement.tiers_id, mouvement.utilisateur_id) == (tiers.pk, acteur.id)
    assert mouvement.acteur_libelle == acteur.label
    assert mouvement.date_echeance == invoice.due_date
    assert mouvement.motif == f"Facture {invoice.invoice_number}"
    assert mouvement.fait.source_id == invoice.pk
    assert (mouvement.debit, mouvement.credit, mouvement.montant_signe) == (11500, None, 11500)


def test_a_receipt_takes_off_what_is_owed(tenant):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 11500)
    regler(tenant, tiers, 10000, 1500, criteres={"moyen": "ESPECES"})
    reglement = MouvementFinancier.objects.get(sens=Sens.CREDIT)
    assert (reglement.type_mouvement, reglement.montant) == ("recouvrement_creance", 11500)
    assert (reglement.methode_paiement, reglement.statut) == ("ESPECES", "payé")
    assert (reglement.debit, reglement.credit, reglement.montant_signe) == (None, 11500, -11500)
    assert MouvementFinancier.objects.get(sens=Sens.DEBIT).statut == "payé"
    assert solde(tiers.pk, "XAF") == 0


def test_worked_example_of_an_invoice_paid_in_part(tenant):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 24000)
    regler(tenant, tiers, 10000, 8000)
    assert solde(tiers.pk, "XAF") == 6000
    assert [(m.statut, m.montant_regle, m.reste) for m in mouvements_du_tiers(tiers.pk)] == [
        ("partiellement_payé", 18000, 6000),
        ("payé", 18000, 0),
    ]


def test_the_oldest_is_settled_first(tenant):
    tiers = make_tiers(tenant)
    for numero, montant in (("F1", 1000), ("F2", 2000), ("F3", 500)):
        facturer(tenant, tiers, montant, numero=numero)
    regler(tenant, tiers, 2500, numero="Q1")
    assert etats(tiers) == [
        ("F1", "payé", 1000),
        ("F2", "partiellement_payé", 1500),
        ("F3", "en_attente", 0),
        ("Q1", "payé", 2500),
    ]
    regler(tenant, tiers, 1000, numero="Q2")
    assert [etat for _, etat, _ in etats(tiers)] == ["payé"] * 5


def test_the_invoice_that_the_receipt_names_comes_before_the_oldest(tenant):
    """Else the account would call unpaid an invoice that its own page calls paid."""
    tiers = make_tiers(tenant)
    for numero in ("F1", "F2", "F3"):
        facturer(tenant, tiers, 1000, numero=numero)
    regler(tenant, tiers, 1200, numero="Q1", piece="F2")
    assert etats(tiers) == [
        ("F1", "partiellement_payé", 200),
        ("F2", "payé", 1000),
        ("F3", "en_attente", 0),
        ("Q1", "payé", 1200),
    ]


def test_what_is_paid_in_advance_settles_what_comes(tenant):
    tiers = make_tiers(tenant)
    regler(tenant, tiers, 3000, numero="Q1")
    assert etats(tiers) == [("Q1", "en_attente", 0)]
    assert solde(tiers.pk, "XAF") == -3000
    facturer(tenant, tiers, 2000, numero="F1")
    assert etats(tiers) == [("Q1", "partiellement_payé", 2000), ("F1", "payé", 2000)]
    facturer(tenant, tiers, 1500, numero="F2")
    assert etats(tiers)[2] == ("F2", "partiellement_payé", 1000)
    assert solde(tiers.pk, "XAF") == 500


def test_one_account_settles_nothing_of_another_nor_of_another_currency(tenant):
    tiers, voisin = make_tiers(tenant), make_tiers(tenant)
    facturer(tenant, tiers, 1000)
    facturer(tenant, voisin, 1000)
    facturer(tenant, tiers, Decimal("10.50"), devise="EUR")
    regler(tenant, tiers, 1000)
    assert [
        (m.tiers_id, m.devise, m.statut) for m in MouvementFinancier.objects.filter(sens="debit").order_by("id")
    ] == [
        (tiers.pk, "XAF", "payé"),
        (voisin.pk, "XAF", "en_attente"),
        (tiers.pk, "EUR", "en_attente"),
    ]
    assert (solde(tiers.pk, "XAF"), solde(tiers.pk, "EUR"), solde(voisin.pk, "XAF")) == (0, Decimal("10.5"), 1000)


def test_a_fact_of_zero_moves_nothing(tenant):
    tiers = make_tiers(tenant)
    make_invoice(tenant, line(0), tiers=tiers)
    assert not MouvementFinancier.objects.exists()
    assert not SoldeTiers.objects.exists()
    assert solde(tiers.pk, "XAF") == 0


def test_facts_that_concern_no_account_are_let_through(tenant):
    sur_fait(make_fait(tenant, "fonds_de_caisse", [5000], make_tiers(tenant)))
    sur_fait(make_fait(tenant, "quittance_emise", [5000], None))
    assert not MouvementFinancier.objects.exists()


def test_a_fact_has_one_movement_an_account(tenant):
    tiers = make_tiers(tenant)
    fait = facturer(tenant, tiers, 1000)
    with pytest.raises(BusinessError) as caught:
        sur_fait(fait)
    assert caught.value.code == "movement-taken"
    assert solde(tiers.pk, "XAF") == 1000


def test_a_takeover_keeps_the_day_of_the_paper(tenant):
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 1000, jour=date(2026, 10, 1), acteur=takeover_actor("octobre"))
    mouvement = MouvementFinancier.objects.get()
    assert mouvement.date_mouvement.astimezone(ZoneInfo(tenant.time_zone)).date() == date(2026, 10, 1)
    assert list(mouvements_du_tiers(tiers.pk, du=date(2026, 10, 1), au=date(2026, 10, 1))) == [mouvement]
    assert mouvement.acteur_libelle == "Reprise : octobre"
    assert mouvement.utilisateur_id is None


mouvements = st.lists(
    st.tuples(st.sampled_from(["facture", "regle"]), st.integers(0, 1), st.integers(1, 5000), st.integers(0, 3)),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mouvements)
def test_after_any_sequence_the_balance_is_the_sum_and_the_matching_agrees(tenant, sequence):
    comptes = [make_tiers(tenant), make_tiers(tenant)]
    attendu = [0, 0]
    for rang, (quoi, qui, montant, piece) in enumerate(sequence):
        if quoi == "facture":
            facturer(tenant, comptes[qui], montant, numero=f"F{rang}")
            attendu[qui] += montant
        else:
            regler(tenant, comptes[qui], montant, piece=f"F{piece}")
            attendu[qui] -= montant
    for tiers, somme in zip(comptes, attendu, strict=True):
        lignes = list(mouvements_du_tiers(tiers.pk))
        assert solde(tiers.pk, "XAF") == somme == (lignes[-1].solde_apres if lignes else 0)
        regles = {sens: sum(m.montant_regle for m in lignes if m.sens == sens) for sens in Sens}
        restes = {sens: sum(m.reste for m in lignes if m.sens == sens) for sens in Sens}
        assert regles[Sens.DEBIT] == regles[Sens.CREDIT]
        assert restes[Sens.DEBIT] - restes[Sens.CREDIT] == somme
        assert 0 in restes.values(), "both sides open: something was left unmatched"
    assert list(ecarts_de_solde()) == []
