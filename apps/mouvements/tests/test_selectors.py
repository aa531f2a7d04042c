"""Reads: running balances, days, search, totals, the reporting view."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from apps.mouvements.selectors import (
    lien_du_tiers,
    mouvements_du_tiers,
    tiers_avec_solde,
    total_des_soldes,
    totaux_du_compte,
    traces_du_fait,
)
from apps.mouvements.tests.factories import facturer, regler
from apps.organisations.models import Tiers
from apps.organisations.tests.factories import make_acteur, make_tiers
from apps.socle.actors import takeover_actor
from apps.socle.facts import source_link, traces

pytestmark = pytest.mark.database
REPRISE = takeover_actor("octobre")


@pytest.fixture(autouse=True)
def in_douala():
    with timezone.override(ZoneInfo("Africa/Douala")):
        yield


@pytest.fixture
def october(tenant):
    """1 October +1,000 and +500, 2 October −300, 3 October +200: 1,400."""
    tiers = make_tiers(tenant)
    for jour, montant in ((1, 1000), (1, 500), (2, -300), (3, 200)):
        geste = facturer if montant > 0 else regler
        geste(tenant, tiers, abs(montant), jour=date(2026, 10, jour), acteur=REPRISE)
    return tiers


def courant(tiers, **jours):
    return [m.solde_apres for m in mouvements_du_tiers(tiers.pk, **jours)]


def test_the_balance_runs(october):
    assert courant(october) == [1000, 1500, 1200, 1400]


@pytest.mark.parametrize(
    ("jours", "soldes", "debit", "credit"),
    [
        ({"du": date(2026, 10, 2)}, [1200, 1400], 200, 300),
        ({"au": date(2026, 10, 1)}, [1000, 1500], 1500, 0),
        ({"du": date(2026, 10, 2), "au": date(2026, 10, 2)}, [1200], 0, 300),
        ({"du": date(2026, 10, 4)}, [], 0, 0),
        ({"au": date(2026, 9, 30)}, [], 0, 0),
    ],
)
def test_days_carry_forward_what_came_before(october, jours, soldes, debit, credit):
    assert courant(october, **jours) == soldes
    totaux = totaux_du_compte(october.pk, **jours)
    assert [(t.debit, t.credit, t.nombre) for t in totaux] == ([(debit, credit, len(soldes))] if soldes else [])


def test_each_currency_runs_alone(tenant, october):
    facturer(tenant, october, Decimal("9.99"), devise="EUR", jour=date(2026, 10, 2), acteur=REPRISE)
    assert [m.solde_apres for m in mouvements_du_tiers(october.pk, devise="EUR")] == [Decimal("9.99")]
    assert [m.solde_apres for m in mouvements_du_tiers(october.pk, devise="XAF", du=date(2026, 10, 3))] == [1400]
    assert [t.devise for t in totaux_du_compte(october.pk)] == ["EUR", "XAF"]


def test_midnight_is_the_tenants(tenant):
    """00:30 in Douala is still the day before in UTC."""
    tiers = make_tiers(tenant)
    facturer(tenant, tiers, 1000, jour=date(2026, 10, 2), acteur=REPRISE)
    mouvement = mouvements_du_tiers(tiers.pk).get()
    assert mouvement.date_mouvement.astimezone(ZoneInfo("Africa/Douala")).date() == date(2026, 10, 2)
    assert mouvements_du_tiers(tiers.pk, du=date(2026, 10, 2), au=date(2026, 10, 2)).count() == 1
    assert mouvements_du_tiers(tiers.pk, au=date(2026, 10, 1)).count() == 0


@pytest.mark.parametrize(
    ("q", "trouve"),
    [
        ("elodie", True), ("ÉLODIE ngo", True), ("mbarga", True), ("M’Barga", True), ("pat-00412", True), ("412", True),
        ("00412", True), ("699 93 84", True), ("+237 699938475", True), ("93 84 75", True), ("lodie", False), ("ngo zzz", False), ("%", True), ("", True),
    ],
)  # fmt: skip
def test_a_third_party_is_found_by_words_number_or_phone(tenant, q, trouve):
    make_tiers(tenant, code="PAT-00412", nom="Ngo M'Barga Élodie", telephone="+237 699 93 84 75")
    assert tiers_avec_solde("XAF", q=q).exists() is trouve


def test_the_search_key_follows_a_new_name(tenant):
    tiers = make_tiers(tenant, nom="Ancien")
    tiers.nom = "Nouvéau"
    tiers.save(update_fields=["nom"])
    assert list(tiers_avec_solde("XAF", q="nouveau")) == [tiers]
    assert not tiers_avec_solde("XAF", q="ancien").exists()


def test_lists_by_type_and_by_who_owes(tenant):
    doit, avance, rien = (make_tiers(tenant, nom=n) for n in ("Doit", "Avance", "Rien"))
    assureur = make_tiers(tenant, nom="Assureur", type=Tiers.Type.ASSUREUR)
    facturer(tenant, doit, 1000)
    regler(tenant, avance, 300)
    tous = tiers_avec_solde("XAF")
    assert {t.nom: t.solde for t in tous} == {"Doit": 1000, "Avance": -300, "Rien": 0, "Assureur": 0}
    assert list(tiers_avec_solde("XAF", sens="debiteur")) == [doit]
    assert list(tiers_avec_solde("XAF", sens="crediteur")) == [avance]
    assert list(tiers_avec_solde("XAF", type_tiers="assureur")) == [assureur]
    assert total_des_soldes(tous, "XAF") == 700
    assert total_des_soldes(tiers_avec_solde("XAF", q="rien"), "XAF") == 0
    assert total_des_soldes(tiers_avec_solde("XAF", sens="crediteur"), "XAF") == -300
    assert rien in tous


@pytest.mark.urls("config.urls_staff")
def test_a_fact_leads_to_its_movement_and_a_third_party_to_its_account(tenant):
    tiers = make_tiers(tenant, code="PAT-00007", nom="Mbarga")
    fait = facturer(tenant, tiers, 12500)
    [trace] = traces_du_fait(fait.id)
    assert trace in traces(fait.id)
    assert (str(trace.kind), trace.label, trace.detail) == ("Mouvement", "12\u202f500\u00a0FCFA", "En attente")
    assert f"/tiers/{tiers.pk}/#m-" in trace.url
    assert (
        source_link("organisations.Tiers", tiers.pk)
        == lien_du_tiers(tiers.pk)
        == (f"/tiers/{tiers.pk}/", "PAT-00007 Mbarga")
    )


def test_the_reporting_view_has_the_documents_columns(tenant):
    acteur = make_acteur(tenant, "comptable", first_name="Rose", last_name="Tchoumi")
    tiers = make_tiers(tenant, nom="Mbarga")
    facturer(tenant, tiers, 1000, acteur=acteur, numero="F1")
    facturer(tenant, tiers, 500, numero="F2")
    with connection.cursor() as cursor:
        cursor.execute(
            "select tiers_nom, tiers_type, type_mouvement, montant, statut, utilisateur_nom, utilisateur_prenom,"
            " numero_piece_comptable, penalites from vue_mouvements_financiers order by montant desc"
        )
        assert cursor.fetchall() == [
            ("Mbarga", "patient", "creance", 1000, "en_attente", "Tchoumi", "Rose", "F1", 0),
            ("Mbarga", "patient", "creance", 500, "en_attente", None, None, "F2", 0),
        ]
