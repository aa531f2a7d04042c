"""What a day of the till comes to in the chain's closing, and what it leaves unfinished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import set_urlconf

from apps.comptabilite.caisse.models import FactureCaisse
from apps.comptabilite.caisse.saisies import PaiementSaisi
from apps.comptabilite.caisse.selectors import especes_attendues
from apps.comptabilite.caisse.services.fermer_session_caisse import fermer_session_caisse
from apps.comptabilite.caisse.services.vendre_au_comptant import vendre_au_comptant
from apps.comptabilite.grand_livre.forms import FiltreEcritures
from apps.comptabilite.grand_livre.models import Ecriture, RegleImputation
from apps.comptabilite.grand_livre.services.valider_ecritures import valider_ecritures
from apps.comptabilite.grand_livre.views.ecritures import _filtrees
from apps.comptabilite.tests.caisse.ecrans import Personne
from apps.comptabilite.tests.caisse.factories import (
    REPRISE,
    Guichet,
    carte,
    especes,
    lignes,
    make_facture,
    make_guichet,
    mobile,
)
from apps.fiscal import closings
from apps.fiscal.models import FiscalClosing, FiscalEntry, FiscalSequence
from apps.fiscal.preclosing import Unfinished, unfinished
from apps.fiscal.services.close_period import close_period
from apps.fiscal.services.verify_chain import verify_chain
from apps.organisations.models import Tenant
from apps.socle.clock import local_date

pytestmark = pytest.mark.database


@pytest.fixture
def guichet(tenant: Tenant) -> Guichet:
    return make_guichet(tenant)


def vendre(guichet: Guichet, *codes: str, paiements: Sequence[PaiementSaisi] = (), **autres: Any) -> None:
    valeurs = {"acteur": guichet.caissiere, **autres}
    vendre_au_comptant(patient_id=guichet.patient.pk, lignes=lignes(*codes), paiements=list(paiements), **valeurs)


def cloturer(guichet: Guichet) -> FiscalClosing:
    """Close the first day of the chain that is not closed."""
    jour = closings.next_closing_date("daily")
    assert jour is not None
    return close_period(closing_type="daily", closing_date=jour, acteur=guichet.comptable).closing


def test_a_day_is_totalled_by_currency_rate_and_means(guichet: Guichet) -> None:
    vendre(guichet, "IM-ECH", "LB-CRP", paiements=[especes(4000), mobile(15000), carte(5000)])
    vendre(guichet, "AU-CARN", paiements=[especes(500)])  # taxed: 500 holds 81 of tax
    vendre(guichet, "LB-VIH")  # of zero francs: no operation
    closing = cloturer(guichet)
    assert closing.totals == {
        "XAF": {
            "invoiced": "24500",
            "credited": "0",
            "rounded": "0",
            "taxed": {"0": {"base": "24000", "tax": "0"}, "19.25": {"base": "419", "tax": "81"}},
            "collected": {"ESPECES": "4500", "MOBILE": "15000", "CARTE": "5000"},
        }
    }
    assert closing.perpetual_totals == closing.totals
    assert (closing.opening_balance, closing.closing_balance) == (Decimal(0), Decimal(24500))
    assert closing.total_operations == 5, "the float, two invoices and two receipts"
    assert closing.entries_count == 6


def test_the_perpetual_total_goes_on_from_the_day_before(guichet: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    first = cloturer(guichet)
    demain = datetime.combine(first.closing_date + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=9)
    monkeypatch.setattr("django.utils.timezone.now", lambda: demain)
    vendre(guichet, "LB-NFS", paiements=[mobile(4500, reference="MT20261001000011")])
    second = cloturer(guichet)
    assert second.totals["XAF"]["invoiced"] == "4500"
    assert second.perpetual_totals["XAF"]["invoiced"] == "9500"
    assert second.perpetual_totals["XAF"]["collected"] == {"ESPECES": "5000", "MOBILE": "4500"}
    assert (second.opening_balance, second.closing_balance) == (Decimal(5000), Decimal(9500))
    found = verify_chain()
    assert found.holds, found.first


def waiting(guichet: Guichet) -> dict[str, Unfinished]:
    today = local_date(guichet.tenant.time_zone)
    return {item.kind: item for item in unfinished(guichet.tenant, today, today)}


def test_what_is_not_finished_is_listed_with_its_count_and_its_list(guichet: Guichet) -> None:
    make_facture(guichet)
    RegleImputation.objects.filter(role="reglement", moyen="MOBILE").update(valide_au=date(2026, 1, 2))
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    vendre(guichet, "CONS-GEN", paiements=[mobile(5000)])
    set_urlconf("config.urls_staff")
    try:
        found = {kind: (item.count, str(item.url)) for kind, item in waiting(guichet).items()}
    finally:
        set_urlconf(None)
    jour = f"{local_date(guichet.tenant.time_zone):%d/%m/%Y}"
    assert found == {
        "session_caisse": (1, f"/caisse/sessions/{guichet.session.pk}/"),
        "facture_en_attente": (1, "/caisse/factures/"),
        "imputation_en_attente": (1, "/comptabilite/imputations/"),
        "ecriture_a_valider": (4, f"/comptabilite/ecritures/?etat=A_VALIDER&clos_du={jour}&clos_au={jour}"),
    }
    closing = cloturer(guichet)
    assert {item["kind"]: item["count"] for item in closing.unfinished} == {
        kind: n for kind, (n, _url) in found.items()
    }
    assert closing.unfinished[0]["label"] == "Caisse C1 ouverte par Amina Ngo Bassong"
    assert set(closing.unfinished[0]) == {"kind", "label", "count"}, "an address does not outlive the screens"


def test_a_finished_day_leaves_nothing(guichet: Guichet) -> None:
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    fermer_session_caisse(
        session_caisse_id=guichet.session.pk, compte=especes_attendues(guichet.session), motif_ecart="", acteur=guichet.caissiere
    )  # fmt: skip
    valider_ecritures(ids=list(Ecriture.objects.values_list("pk", flat=True)), acteur=guichet.comptable)
    assert waiting(guichet) == {}
    assert cloturer(guichet).unfinished == []


def kinds(closing: FiscalClosing) -> dict[str, int]:
    return {item["kind"]: item["count"] for item in closing.unfinished}


def at(monkeypatch: pytest.MonkeyPatch, day: date, hour: int) -> None:
    """Set the clock to that hour of that day, UTC."""
    moment = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


def test_a_later_day_does_not_carry_what_an_older_one_left(guichet: Guichet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty-two closings would name one forgotten invoice; each thing is in the closing of its own day."""
    make_facture(guichet)
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    first = cloturer(guichet)
    assert kinds(first) == {"session_caisse": 1, "facture_en_attente": 1, "ecriture_a_valider": 3}
    at(monkeypatch, first.closing_date + timedelta(days=1), 9)
    assert cloturer(guichet).unfinished == []
    assert [item.kind for item in unfinished(guichet.tenant, first.closing_date, first.closing_date)] == list(
        kinds(first)
    ), "it is still the first day's"


def test_yesterdays_till_is_todays_too_once_it_took_money_today(
    guichet: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cloturer(guichet)
    at(monkeypatch, first.closing_date + timedelta(days=1), 9)
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    assert kinds(cloturer(guichet)) == {"session_caisse": 1, "ecriture_a_valider": 2}


def test_what_is_begun_in_the_evening_after_the_closing_is_of_the_next_day(
    guichet: Guichet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cloturer(guichet)
    make_facture(guichet)  # the same evening
    assert kinds(first) == {"session_caisse": 1, "ecriture_a_valider": 1}
    at(monkeypatch, first.closing_date + timedelta(days=1), 9)
    assert kinds(cloturer(guichet)) == {"facture_en_attente": 1}


def test_what_a_takeover_left_is_in_the_closing_that_seals_its_links(guichet: Guichet) -> None:
    """651 of 661 entries were missing: they bear the days of the papers, their links are of this day."""
    RegleImputation.objects.filter(role="reglement", moyen="MOBILE").update(valide_au=date(2026, 1, 2))
    paper = datetime(2026, 10, 3, 9, 30, tzinfo=UTC)
    by_hand = {"acteur": REPRISE, "le": paper, "caissier_id": guichet.caissiere.id}
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)], session_caisse_id=guichet.session.pk, **by_hand)
    vendre(guichet, "CONS-GEN", paiements=[mobile(5000)], session_caisse_id=guichet.session.pk, **by_hand)
    waiting_in_all = Ecriture.objects.filter(statut="A_VALIDER").count()
    assert Ecriture.objects.filter(statut="A_VALIDER", date_ecriture=paper.date()).exists()
    found = kinds(cloturer(guichet))
    assert found == {"session_caisse": 1, "imputation_en_attente": 1, "ecriture_a_valider": waiting_in_all}


def test_the_list_behind_the_count_shows_the_same_entries(guichet: Guichet) -> None:
    paper = datetime(2026, 10, 3, 9, 30, tzinfo=UTC)
    vendre(
        guichet, "CONS-GEN", paiements=[especes(5000)], acteur=REPRISE, le=paper,
        caissier_id=guichet.caissiere.id, session_caisse_id=guichet.session.pk,
    )  # fmt: skip
    found = waiting(guichet)["ecriture_a_valider"]
    jour = f"{local_date(guichet.tenant.time_zone):%d/%m/%Y}"
    listed = {"etat": "A_VALIDER", "clos_du": jour, "clos_au": jour}
    filtre = FiltreEcritures(listed)
    assert filtre.is_valid(), filtre.errors
    assert _filtrees(filtre).count() == found.count == Ecriture.objects.filter(statut="A_VALIDER").count()
    assert _filtrees(FiltreEcritures(listed | {"clos_au": "19/11/2025"})).count() == 0


def test_counting_what_waits_reads_no_row(guichet: Guichet, django_assert_max_num_queries: Any) -> None:
    """Counts alone, whatever a day holds: the tills that are open are the only rows."""
    vendre(guichet, "CONS-GEN", paiements=[especes(5000)])
    with django_assert_max_num_queries(8):
        waiting(guichet)


def test_a_takeover_of_a_past_month_goes_into_todays_chain_with_the_papers_dates(guichet: Guichet) -> None:
    """The chain's day is that of recording, after the last sealed one; ledger and snapshot keep the paper's."""
    sealed = cloturer(guichet).closing_date
    paper = datetime(2026, 10, 3, 9, 30, tzinfo=UTC)
    before = FiscalSequence.objects.get().last_sequence_number
    vendre(
        guichet, "CONS-GEN", paiements=[especes(5000)], acteur=REPRISE, le=paper,
        caissier_id=guichet.caissiere.id, session_caisse_id=guichet.session.pk,
    )  # fmt: skip
    invoice, receipt = FiscalEntry.objects.filter(sequence_number__gt=before).order_by("sequence_number")
    for link in (invoice, receipt):
        assert link.fiscal_date == sealed + timedelta(days=1)
        assert link.data_snapshot["document_date"] == "2026-10-03"
        assert link.actor_type == "takeover"
        entry = Ecriture.objects.get(fait_id=link.fact_id)
        assert (entry.date_ecriture, entry.periode.code) == (date(2026, 10, 3), "2026-10")
    assert FactureCaisse.objects.latest("pk").date_creation == paper
    assert verify_chain().holds


def test_who_alone_may_close_a_till_is_named(guichet: Guichet, settings: Any) -> None:
    """An accountant who closes the day reads who must count the drawer, and is led to the session, to read it."""
    settings.SECOND_FACTOR = "optional"
    jour = local_date(guichet.tenant.time_zone)
    [caisse] = [reste for reste in unfinished(guichet.tenant, jour, jour) if reste.kind == "session_caisse"]
    nom = guichet.session.caissier.full_name
    assert str(caisse.only) == f"À fermer par {nom}, en comptant son tiroir."
    page = Personne(guichet.tenant, guichet.comptable).ouvrir("fiscal:close", "jour", jour.isoformat())
    assert str(caisse.only) in page.texte
    liens = {a.get("href", ""): a.text for a in page.trouver("a")}
    assert liens[f"/{guichet.tenant.slug}/caisse/sessions/{guichet.session.pk}/"] == "Voir"
