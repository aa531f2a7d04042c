"""Every fact that an app declares reaches the third party's account, the ledger and the chain.

One day makes them all happen. An app that declares a new fact makes it happen here too, or this fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Sum

from apps.comptabilite.caisse.models import SessionCaisse
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.comptabilite.caisse.selectors import especes_attendues
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.ouvrir_session_caisse import ouvrir_session_caisse
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.comptabilite.tests.caisse.factories import carte, cheque, especes, lignes, make_guichet, mobile, virement
from apps.fiscal import closings
from apps.fiscal.models import FiscalEntry
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.verify_chain import verify_chain
from apps.mouvements.models import MouvementFinancier
from apps.organisations.models import Tenant
from apps.socle import facts
from apps.socle.models import Fait

pytestmark = pytest.mark.database
# What a fact is to a third party: it is owed, or it pays. Cash that moves between drawers is neither.
OF_A_THIRD_PARTY = {"invoice_issued", "quittance_emise"}


@pytest.fixture
def day(tenant: Tenant) -> list[Fait]:
    """A day at the till in which every declared fact happens, one of zero francs included."""
    guichet = make_guichet(tenant)

    def close(session: SessionCaisse, difference: int) -> None:
        fermer_session_caisse(
            session_caisse_id=session.pk,
            compte=especes_attendues(session) + difference,
            motif_ecart="Erreur de rendu",
            acteur=guichet.caissiere,
        )

    def open_with(float_: int) -> SessionCaisse:
        return ouvrir_session_caisse(caisse_id=guichet.caisse.pk, fonds=Decimal(float_), acteur=guichet.caissiere)

    def sell(*codes: str, payments: Sequence[PaiementSaisi] = ()) -> None:
        vendre_au_comptant(
            patient_id=guichet.patient.pk, lignes=lignes(*codes), paiements=list(payments), acteur=guichet.caissiere
        )

    sell("IM-ECH", "LB-CRP", payments=[especes(4000), mobile(5000), carte(5000), cheque(5000), virement(5000)])
    sell("AU-CARN", payments=[especes(500)])  # taxed
    sell("LB-VIH")  # of zero francs
    close(guichet.session, +500)
    session = open_with(20_000)
    close(session, -500)
    first = closings.first_day()
    assert first is not None
    close_period(closing_type="daily", closing_date=first, acteur=guichet.caissiere)
    return list(Fait.objects.order_by("id"))


def test_every_subscriber_of_the_order_is_there():
    """A subscriber that forgot to register would be passed over in silence."""
    assert tuple(facts.subscribers()) == settings.FACT_SUBSCRIBER_ORDER


@pytest.mark.parametrize("declaration", facts.declarations(), ids=lambda d: d.type)
def test_a_declaration_names_a_document_and_its_roles(declaration):
    assert apps.get_model(declaration.source)
    assert declaration.roles or not declaration.money
    assert str(declaration.label)


def test_every_declared_fact_happens(day):
    assert {fait.type for fait in day} == {declaration.type for declaration in facts.declarations()}


def test_every_fact_is_chained_once(day):
    assert sorted(FiscalEntry.objects.values_list("fact_id", flat=True)) == sorted(fait.pk for fait in day)
    assert verify_chain().holds


def test_every_fact_of_money_is_posted_and_one_of_zero_is_not(day):
    for fait in day:
        entries = Ecriture.objects.filter(fait=fait)
        published = facts.load(fait.pk)
        assert entries.exists() is (published.declaration.money and not published.is_zero), fait.type
        for entry in entries:
            sums = LigneEcriture.objects.filter(ecriture=entry).aggregate(
                d=Sum("montant_debit"), c=Sum("montant_credit")
            )
            assert sums["d"] == sums["c"] > 0, fait.type
    assert any(facts.load(fait.pk).is_zero for fait in day)
    assert not ImputationEnAttente.objects.exists(), "a new hospital's rules cover every fact"


def test_every_fact_of_a_third_party_moves_its_account(day):
    for fait in day:
        moved = MouvementFinancier.objects.filter(fait=fait).exists()
        assert moved is (fait.type in OF_A_THIRD_PARTY and not facts.load(fait.pk).is_zero), fait.type
