"""A fact becomes balanced entries in its producer's transaction, or waits; never anything between."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.comptabilite.grand_livre.models import Ecriture, ImputationEnAttente, LigneEcriture
from apps.comptabilite.grand_livre.selectors import balance, ecarts_totaux, ecritures_de_la_source, ecritures_du_fait
from apps.comptabilite.grand_livre.subscribers import comptabiliser_fait
from apps.comptabilite.tests.grand_livre.factories import aujourd_hui, compte, facture, lues, publier, quittance
from apps.organisations.models import Tenant
from apps.organisations.tests.factories import make_tiers
from apps.socle import facts
from apps.socle.actors import SYSTEM, Acteur
from apps.socle.facts import PublishedFact
from apps.socle.unit_of_work import write_waiting

pytestmark = pytest.mark.database


def test_the_worked_sale(tenant: Tenant, caissier: Acteur) -> None:
    """Consultation 5,000, blood count 4,500, thick film 2,000, paid in cash (design, "The one flow")."""
    patient = make_tiers(tenant)

    vente = facture(
        ("CONSULTATION", 5000), ("LABORATOIRE", 4500), ("LABORATOIRE", 2000), acteur=caissier, tiers=patient
    )
    encaissement = quittance(("ESPECES", 11500), acteur=caissier, tiers=patient)

    assert lues(vente) == [("VT", [("4111", 11500, 0), ("70611", 0, 5000), ("70613", 0, 4500), ("70613", 0, 2000)])]
    assert lues(encaissement) == [("CA", [("5711", 11500, 0), ("4111", 0, 11500)])]
    assert compte("4111").solde == 0
    assert compte("5711").solde == 11500
    assert compte("70613").solde == -6500
    assert compte("706").solde == -11500, "a heading holds its sub-accounts"
    assert ecarts_totaux() == []


def test_an_entry_is_born_to_be_validated_without_number(tenant: Tenant, caissier: Acteur) -> None:
    fait = facture(("CONSULTATION", 5000), acteur=caissier)

    [ecriture] = ecritures_du_fait(fait.id)
    assert (ecriture.statut, ecriture.numero_ecriture, ecriture.validee_le) == ("A_VALIDER", None, None)
    assert (ecriture.auteur_type, ecriture.auteur_id, ecriture.auteur_libelle) == ("user", caissier.id, caissier.label)
    assert (ecriture.date_ecriture, ecriture.devise, ecriture.montant, ecriture.nombre_lignes) == (
        aujourd_hui(),
        "XAF",
        5000,
        2,
    )
    assert ecriture.piece_justificative == fait.number
    assert ecriture.periode.debut <= aujourd_hui() <= ecriture.periode.fin
    assert list(ecritures_de_la_source("organisations.Tiers", fait.source_id)) == [ecriture]


def test_only_accounts_detailed_by_third_party_carry_it(tenant: Tenant) -> None:
    patient = make_tiers(tenant)

    fait = facture(("CONSULTATION", 5000), tiers=patient)

    lignes = LigneEcriture.objects.filter(ecriture__fait_id=fait.id)
    assert {ligne.compte.numero: ligne.tiers_id for ligne in lignes} == {"4111": patient.id, "70611": None}
    assert all(ligne.regle is not None for ligne in lignes)


def test_two_means_make_an_entry_a_treasury_journal(tenant: Tenant) -> None:
    assert lues(quittance(("ESPECES", 10000), ("MTN", 5000), ("MTN", 3000))) == [
        ("CA", [("5711", 10000, 0), ("4111", 0, 10000)]),
        ("MM", [("5521", 5000, 0), ("5521", 3000, 0), ("4111", 0, 5000), ("4111", 0, 3000)]),
    ]


def test_a_fact_of_zero_or_without_money_is_not_posted(tenant: Tenant) -> None:
    facture(("CONSULTATION", 0))
    publier(type_fait="tarif_change", lignes=[("produit", 5000, {})], acteur=SYSTEM)

    assert not Ecriture.objects.exists()
    assert not ImputationEnAttente.objects.exists()


def test_a_line_of_zero_makes_no_ledger_line(tenant: Tenant) -> None:
    assert lues(facture(("CONSULTATION", 5000), ("AUTRE", 0))) == [("VT", [("4111", 5000, 0), ("70611", 0, 5000)])]


def test_a_later_subscriber_that_refuses_leaves_no_entry(
    tenant: Tenant, caissier: Acteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    def echouer(fait: PublishedFact) -> None:
        write_waiting()
        assert Ecriture.objects.filter(fait_id=fait.id).exists()
        raise RuntimeError("the chain refuses")

    monkeypatch.setattr(facts, "_subscribers", {"comptabilite": comptabiliser_fait, "fiscal": echouer})

    with pytest.raises(RuntimeError, match="refuses"):
        facture(("CONSULTATION", 5000), acteur=caissier)

    assert not Ecriture.objects.exists()
    assert balance(aujourd_hui(), aujourd_hui(), devise="XAF").lignes == []


TYPES = st.sampled_from(["CONSULTATION", "HOSPITALISATION", "LABORATOIRE", "IMAGERIE", "PHARMACIE", "AUTRE", "INCONNU"])
MOYENS = st.sampled_from(
    ["ESPECES", "MTN", "ORANGE", "NEXTTEL", "CAMTEL", "CHEQUE", "VIREMENT", "CARTE", "AVOIR", "TROC"]
)
MONTANTS = st.integers(0, 5_000_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ventes=st.lists(st.lists(st.tuples(TYPES, MONTANTS), min_size=1, max_size=4), max_size=3),
    encaissements=st.lists(st.lists(st.tuples(MOYENS, MONTANTS), min_size=1, max_size=3), max_size=3),
)
def test_whatever_is_published_the_books_balance(tenant: Tenant, ventes: list, encaissements: list) -> None:
    faits = [facture(*lignes) for lignes in ventes] + [quittance(*lignes) for lignes in encaissements]

    for fait in faits:
        ecritures = list(ecritures_du_fait(fait.id))
        attente = ImputationEnAttente.objects.filter(fait_id=fait.id).exists()
        assert bool(ecritures) + attente == (not fait.is_zero), "posted, or waiting, or nothing to post"
        cote_debit = sum((x.amount for x in fait.lines if x.role in {"creance", "reglement"}), Decimal(0))
        assert sum((e.montant for e in ecritures), Decimal(0)) in {Decimal(0), cote_debit}
    du_jour = balance(aujourd_hui(), aujourd_hui(), devise="XAF")
    assert du_jour.est_equilibree
    assert ecarts_totaux() == []


def test_currencies_do_not_mix(tenant: Tenant) -> None:
    facture(("CONSULTATION", 5000))
    facture(("CONSULTATION", 8), devise="EUR")

    assert balance(aujourd_hui(), aujourd_hui(), devise="XAF").total.mouvement_debit == 5000
    assert balance(aujourd_hui(), aujourd_hui(), devise="EUR").total.mouvement_debit == 8
    assert compte("4111").solde == 5000, "an account's balance is in the tenant's currency"


def test_a_used_account_was_last_used_that_day(tenant: Tenant) -> None:
    assert compte("70611").derniere_utilisation is None

    facture(("CONSULTATION", 5000), le=date(aujourd_hui().year, 1, 3))
    facture(("CONSULTATION", 5000), le=date(aujourd_hui().year, 1, 2))

    assert compte("70611").derniere_utilisation == date(aujourd_hui().year, 1, 3)
    assert compte("7").derniere_utilisation == date(aujourd_hui().year, 1, 3)
